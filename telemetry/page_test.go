package telemetry

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/metrics.md")

const pagePath = "../docs/metrics.md"

const pageHead = `# Metrics

<!-- Written by go generate from package telemetry: change the definitions there. -->

An engine shows its metrics in the Prometheus format, on the admin address under ` + "`/metrics`" + ` or in the registry
that the embedder gives it. Every series exists, at zero, from the start of its pipeline. There is no label per
destination: destinations come and go with the records, and the state of each one is shown elsewhere.

The label ` + "`class`" + ` is ` + "`none`" + ` unless the outcome is ` + "`failed`" + `. Names and labels are an interface: they change with a
major version only.

| metric | type | labels | meaning |
|---|---|---|---|
`

func page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	for _, d := range Definitions() {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", d.Name, d.Kind, strings.Join(d.Labels, "`, `"), d.Help)
	}
	return b.String()
}

func TestMetricsPageIsCurrent(t *testing.T) {
	if *update {
		if err := os.WriteFile(pagePath, []byte(page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != page() {
		t.Error("docs/metrics.md does not match the definitions; run: go generate ./telemetry")
	}
}
