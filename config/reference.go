package config

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/steps"
)

// row is one key of the reference: "tls.cert", "headers.NAME", "steps[].filter".
type row struct {
	key string
	*field.Field
}

// rows lists the keys of fields and of what is in them, outer keys first.
func rows(fields []field.Field, path string) []row {
	var list []row
	for i := range fields {
		f := &fields[i]
		key := join(path, f.Key)
		list = append(list, row{key, f})
		inner := f
		for inner.Element != nil {
			key += map[string]string{"list": "[]", "map": ".NAME"}[inner.Kind]
			inner = inner.Element
		}
		list = append(list, rows(inner.Fields, key)...)
	}
	return list
}

// kind is the type in words: "list of string".
func kind(f *field.Field) string {
	if f.Element != nil {
		return f.Kind + " of " + kind(f.Element)
	}
	return f.Kind
}

// facts says what is allowed: "one of a, b", "1s to 5m".
func facts(f *field.Field) string {
	for f.Element != nil {
		f = f.Element
	}
	switch {
	case f.Enum != nil:
		return "one of " + joined(f.Enum)
	case f.Min != "" && f.Max != "":
		return f.Min + " to " + f.Max
	case f.Min != "":
		return "at least " + f.Min
	case f.Max != "":
		return "at most " + f.Max
	}
	return ""
}

// Text renders the reference of one connector for a terminal.
func Text(definition connector.Definition) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", definition.Name, definition.Summary)
	for _, s := range []side{asSource, asSink} {
		config := s.config(definition)
		if config == nil {
			continue
		}
		fmt.Fprintf(&b, "\nAs a %s:\n", s.word)
		list := rows(field.Describe(config), "")
		if len(list) == 0 {
			b.WriteString("\n  It has no keys.\n")
		}
		for _, r := range list {
			r.text(&b)
		}
	}
	return b.String()
}

// text writes the key with its type, then the documentation, wrapped.
func (r row) text(b *strings.Builder) {
	head := []string{kind(r.Field)}
	switch {
	case r.Required:
		head = append(head, "required")
	case r.HasDefault:
		head = append(head, "default "+cmp.Or(r.Default, `""`))
	}
	if allowed := facts(r.Field); allowed != "" {
		head = append(head, allowed)
	}
	fmt.Fprintf(b, "\n  %s: %s\n", r.key, strings.Join(head, ", "))
	wrap(b, r.Doc)
	if r.Example != "" {
		fmt.Fprintf(b, "      Example: %s\n", r.Example)
	}
}

// textWidth is how wide documentation is set on a terminal.
const textWidth = 90

func wrap(b *strings.Builder, text string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > textWidth {
			fmt.Fprintf(b, "      %s\n", line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line != "" {
		fmt.Fprintf(b, "      %s\n", line)
	}
}

// Markdown renders the reference of the whole configuration, the connectors of registry included.
func Markdown(registry *connector.Registry) string {
	var b strings.Builder
	b.WriteString("# Configuration reference\n\n")
	b.WriteString("Generated from the definitions that `engine check` checks against. " +
		"In every scalar, `${NAME}` stands for an environment variable, `${NAME:-default}` for one that may be missing, and `$${` for a literal `${`. " +
		"A secret may also be written `file:/path`, which reads the file.\n")
	table(&b, "## The engine", "", field.Describe(Settings{}))
	table(&b, "## A pipeline", "The keys of `pipelines.NAME`. Names are lower-case letters, digits, `-` and `_`.", shallow(field.Describe(pipelineForm{})))
	table(&b, "## A step", "Each entry of `pipelines.NAME.steps` has exactly one of these.", field.Describe(steps.Config{}))
	table(&b, "## A sink", "The keys beside the connector's own in `pipelines.NAME.sinks.NAME` and in `dead_letter`.", field.Describe(pipeline.Options{}))
	b.WriteString("\n## Connectors\n")
	for _, definition := range registry.All() {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", definition.Name, definition.Summary)
		for _, s := range []side{asSource, asSink} {
			if config := s.config(definition); config != nil {
				table(&b, fmt.Sprintf("#### %s as a %s", definition.Name, s.word), "", field.Describe(config))
			}
		}
	}
	return b.String()
}

// shallow leaves out what has a section of its own.
func shallow(fields []field.Field) []field.Field {
	for i := range fields {
		if f := &fields[i]; f.Kind == sinkKind || f.Key == "sinks" || f.Key == "steps" {
			f.Fields = nil
			if f.Element != nil {
				f.Element = &field.Field{Kind: map[string]string{"steps": "step", "sinks": sinkKind}[f.Key]}
			}
		}
	}
	return fields
}

func table(b *strings.Builder, title, intro string, fields []field.Field) {
	fmt.Fprintf(b, "\n%s\n\n", title)
	if intro != "" {
		fmt.Fprintf(b, "%s\n\n", intro)
	}
	list := rows(fields, "")
	if len(list) == 0 {
		b.WriteString("It has no keys.\n")
		return
	}
	b.WriteString("| Key | Type | Default | What it does |\n|---|---|---|---|\n")
	for _, r := range list {
		r.markdown(b)
	}
}

func (r row) markdown(b *strings.Builder) {
	fallback := ""
	switch {
	case r.Required:
		fallback = "required"
	case r.HasDefault:
		fallback = code(cmp.Or(r.Default, `""`))
	}
	about := []string{cell(r.Doc)}
	if allowed := facts(r.Field); allowed != "" {
		about = append(about, strings.ToUpper(allowed[:1])+cell(allowed[1:])+".")
	}
	if r.Example != "" {
		about = append(about, "Example: "+code(r.Example))
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s |\n", code(r.key), cell(kind(r.Field)), fallback, strings.TrimSpace(strings.Join(about, " ")))
}

func code(text string) string { return "`" + cell(text) + "`" }

// cell makes text fit for a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}
