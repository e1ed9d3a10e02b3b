package config

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/steps"
)

// document is the form of all files together.
type document struct {
	Settings
	Pipelines map[string]pipelineForm `config:"pipelines" doc:"The pipelines by name: lower-case letters, digits, - and _."`
}

// pipelineForm is the form of one pipeline.
type pipelineForm struct {
	InFlight   pipeline.Window     `config:"in_flight" doc:"How much is read and not yet settled; at the limit the source is slowed."`
	Source     sourceForm          `config:"source,required" doc:"One connector that records come from."`
	Steps      []steps.Config      `config:"steps" doc:"What is done with each record, in this order."`
	Sinks      map[string]sinkForm `config:"sinks,required" doc:"Where records go, by name: one connector each, and how it is guarded."`
	FanOut     pipeline.FanOut     `config:"fan_out" enum:"all,any,first,round_robin" default:"all" doc:"What several sinks mean for one record: all get it and have to deliver it, any one is enough, first one after the other until one delivered it, round_robin one each in turn."`
	DeadLetter *sinkForm           `config:"dead_letter" doc:"A sink for records that failed. Without it they are kept in the store."`
	KeepFailed bool                `config:"keep_failed" default:"true" doc:"Where there is no dead_letter, keep the records that failed in the store, to be looked at and delivered again with engine dead. false: they are reported to the source alone."`
	Backlog    pipeline.Backlog    `config:"backlog" doc:"How much the engine answers for by itself, in the store."`
	Restart    pipeline.Restart    `config:"restart" doc:"How what failed is started again."`

	name, path string
	node       *node
	order      int
}

// sourceForm is a mapping with one connector in it.
type sourceForm struct{ choice }

// sinkForm is a mapping with one connector and the options beside it.
type sinkForm struct {
	pipeline.Options
	choice

	name   string
	order  int
	many   bool // the records decide where they go
	single bool // it sends each record by itself
}

// The kinds of the forms, as field.Describe gives them.
const (
	sourceKind = "source"
	sinkKind   = "sink"
)

// FieldKind names the form for the schema and the documentation.
func (sourceForm) FieldKind() string { return sourceKind }

// FieldKind names the form for the schema and the documentation.
func (sinkForm) FieldKind() string { return sinkKind }

var (
	_ form = (*pipelineForm)(nil)
	_ form = (*sourceForm)(nil)
	_ form = (*sinkForm)(nil)
)

func (p *pipelineForm) decode(d *decoder, n *node, path string) {
	p.node, p.path = n, path
	p.order = d.next()
	d.structure(n, field.Describe(p), reflect.ValueOf(p).Elem(), path)
}

func (s *sourceForm) decode(d *decoder, n *node, path string) {
	s.choice = d.choose(n, asSource, nil, path)
}

func (s *sinkForm) decode(d *decoder, n *node, path string) {
	s.order = d.next()
	fields := field.Describe(s)
	s.choice = d.choose(n, asSink, keys(fields), path)
	options := n.without(func(key string) bool { return !hasKey(fields, key) })
	d.structure(options, fields, reflect.ValueOf(s).Elem(), path)
}

// next counts.
func (d *decoder) next() int {
	d.sequence++
	return d.sequence
}

// inOrder returns the pipelines in file order.
func (doc *document) inOrder() []*pipelineForm {
	var forms []*pipelineForm
	for name, form := range doc.Pipelines {
		form.name = name
		forms = append(forms, &form)
	}
	slices.SortFunc(forms, func(a, b *pipelineForm) int { return cmp.Compare(a.order, b.order) })
	return forms
}

// sinksInOrder returns the sinks in file order, on which the fan-out "first" depends.
func (p *pipelineForm) sinksInOrder() []*sinkForm {
	var forms []*sinkForm
	for name, form := range p.Sinks {
		form.name = name
		forms = append(forms, &form)
	}
	slices.SortFunc(forms, func(a, b *sinkForm) int { return cmp.Compare(a.order, b.order) })
	return forms
}
