package config

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

// choice is the connector that a source or a sink names.
type choice struct {
	definition connector.Definition
	config     any   // a pointer to the connector's configuration struct; nil when there is none to go on with
	node       *node // the connector's keys
	around     *node // the mapping that names the connector
	path       string
}

// side is one of the two things that a connector can be.
type side struct {
	word   string
	config func(connector.Definition) any // a new configuration struct, or nil when the connector has no such side
}

var (
	asSource = side{"source", func(d connector.Definition) any {
		if d.Source == nil {
			return nil
		}
		return d.Source.Config()
	}}
	asSink = side{"sink", func(d connector.Definition) any {
		if d.Sink == nil {
			return nil
		}
		return d.Sink.Config()
	}}
)

// choose finds the one connector among the keys of n, the options beside it left out, and decodes its keys.
func (d *decoder) choose(n *node, s side, options []string, path string) choice {
	c := choice{around: n, path: path}
	if !d.wants(n, mappingNode, path, "a connector", "{http: {...}}") {
		return c
	}
	var chosen *entry
	var unknown []entry
	before := d.errors
	for i := range n.entries {
		e := &n.entries[i]
		if slices.Contains(options, e.key) {
			continue
		}
		definition, known := d.registry.Lookup(e.key)
		switch {
		case !known:
			unknown = append(unknown, *e)
		case s.config(definition) == nil:
			d.errorf(e.at, join(path, e.key), listing(d.names(s)), "%s cannot be a %s", e.key, s.word)
		case chosen != nil:
			d.errorf(e.at, join(path, e.key), fmt.Sprintf("a %s has exactly one; remove it or make a %s of its own", s.word, s.word),
				"a second connector beside %s", chosen.key)
		default:
			chosen, c.definition = e, definition
		}
	}
	d.strangers(unknown, chosen, s, options, path)
	switch {
	case chosen != nil:
		d.connectorKeys(&c, *chosen, s, options)
	case d.errors == before:
		d.errorf(n.owner, path, listing(d.names(s)), "no connector is named")
	}
	return c
}

// strangers reports keys that are neither a connector nor an option. Where no connector is named, one of them
// was probably meant to.
func (d *decoder) strangers(unknown []entry, chosen *entry, s side, options []string, path string) {
	for _, e := range unknown {
		if chosen != nil {
			known := append(slices.Clone(options), d.names(s)...)
			if hasKey(field.Describe(s.config(d.must(chosen.key))), e.key) {
				d.add(Error, e.at, join(path, e.key), fmt.Sprintf("unknown key %q in %s", e.key, path),
					fmt.Sprintf("it belongs below %q", chosen.key))
				continue
			}
			d.unknown(e, known, path)
			continue
		}
		if e.value.kind == scalarNode {
			d.unknown(e, append(slices.Clone(options), d.names(s)...), path)
			continue
		}
		cure := suggest(e.key, d.names(s))
		if cure == "" {
			cure = listing(d.names(s))
		}
		d.errorf(e.at, join(path, e.key), cure, "unknown connector %q", e.key)
	}
}

// must returns a definition that Lookup has found before.
func (d *decoder) must(name string) connector.Definition {
	definition, _ := d.registry.Lookup(name)
	return definition
}

// connectorKeys decodes the keys of the chosen connector. An option that stands among them is told its place.
func (d *decoder) connectorKeys(c *choice, chosen entry, s side, options []string) {
	path := join(c.path, chosen.key)
	config := s.config(c.definition)
	fields := field.Describe(config)
	c.node = chosen.value
	if chosen.value.broken {
		return
	}
	if chosen.value.kind == scalarNode || chosen.value.kind == sequenceNode {
		d.wants(chosen.value, mappingNode, path, "keys and values", keyExample(fields))
		return
	}
	before := d.mistakes()
	misplaced := func(key string) bool { return slices.Contains(options, key) && !hasKey(fields, key) }
	for _, e := range chosen.value.entries {
		if misplaced(e.key) {
			d.add(Error, e.at, join(path, e.key), fmt.Sprintf("unknown key %q in %s", e.key, path),
				fmt.Sprintf("it belongs beside %q, one level up", chosen.key))
		}
	}
	c.node = chosen.value.without(misplaced)
	d.structure(c.node, fields, reflect.ValueOf(config).Elem(), path)
	if d.mistakes() == before {
		c.config = config
	}
}

// names lists the connectors that have a side.
func (d *decoder) names(s side) []string {
	var names []string
	for _, definition := range d.registry.All() {
		if s.config(definition) != nil {
			names = append(names, definition.Name)
		}
	}
	return names
}

func listing(names []string) string {
	if len(names) == 0 {
		return "there are none"
	}
	return "known: " + joined(names)
}
