package layers

import (
	"slices"
	"strings"
)

const module = "github.com/acktor/acktor"

// rule places packages in a layer. Paths are relative to the module; the root package is ".".
type rule struct {
	// path names one package, or with "/..." everything below a folder. The longest path that
	// matches a package decides.
	path  string
	layer int
	// only narrows what may be imported further than the layer does. Nil: all that is lower.
	only []string
	// never takes away from what is lower.
	never []string
	// bare packages import nothing but the standard library and packages of this module.
	bare bool
}

// rules is the table of the layers.
func rules() []rule {
	contract := []string{"connector", "field", "expression", "connector/file/lines"}
	conversation := []string{"actors/...", "messages", "cluster", "delivery"}
	return []rule{
		{path: "connector", layer: 0, bare: true},
		{path: "field", layer: 0, bare: true},
		{path: "internal/scenario", layer: 0, only: []string{}},

		{path: "expression", layer: 1, only: []string{"connector"}},
		{path: "telemetry", layer: 1, only: []string{"connector"}},
		{path: "connector/file/lines", layer: 1, only: []string{"connector"}, bare: true},
		{path: "connector/http/signature", layer: 1, only: []string{"connector", "field"}},
		{path: "connector/http/egress", layer: 1, only: []string{"connector", "field"}},

		{path: "connector/...", layer: 2, only: contract},
		{path: "connector/http", layer: 2, only: append(slices.Clone(contract), "connector/http/...")},
		{path: "connector/http/credential", layer: 2, only: []string{"connector", "field", "connector/http/signature"}},
		{path: "delivery", layer: 2, only: []string{"connector", "field"}},
		{path: "steps", layer: 2, only: contract},
		{path: "messages", layer: 2},
		{path: "store", layer: 2},
		{path: "store/internal/sqlstore", layer: 3, only: []string{"connector", "store"}},
		{path: "store/storetest", layer: 3, only: []string{"connector", "store"}},
		{path: "store/postgres", layer: 4, only: []string{"connector", "store", "store/internal/sqlstore"}},
		{path: "store/sqlite", layer: 4, only: []string{"connector", "store", "store/internal/sqlstore"}},

		{path: "connector/all", layer: 3, only: []string{"connector", "connector/..."}},
		{path: "actors/alarm", layer: 3, only: []string{}},
		{path: "actors/deadline", layer: 3, only: []string{}, bare: true},
		{path: "actors/dispatch", layer: 3, only: []string{}},
		{path: "backlog", layer: 3, only: []string{"connector", "store", "telemetry"}},
		{path: "actors/ledger", layer: 3, only: []string{"connector", "field", "store"}},
		{path: "pipeline", layer: 3, never: []string{"connector/...", "messages"}},

		{path: "config", layer: 4, never: []string{"connector/...", "messages"}},
		{path: "actors/source", layer: 4, never: []string{"connector/..."}},
		{path: "actors/sink", layer: 4, never: []string{"connector/..."}},

		{path: "actors/supervisor", layer: 5, never: []string{"connector/...", "config"}},
		{path: "cluster", layer: 6, never: []string{"connector/..."}},

		{path: ".", layer: 7, never: []string{"connector/all"}},
		{path: "admin", layer: 8, never: conversation},

		{path: "cmd/...", layer: 9},
		{path: "bench/chart", layer: 8, only: []string{}},
		{path: "bench/ledger", layer: 8, only: []string{}},
		{path: "bench/measure", layer: 8, only: []string{}},
		{path: "bench/process", layer: 9, only: []string{"bench/ledger", "bench/measure"}},
		{path: "bench/roles", layer: 10},
		{path: "bench/suite", layer: 11},
		{path: "bench", layer: 12},
		{path: "examples/...", layer: 9},
		{path: "internal/docs", layer: 9},
		{path: "internal/layers", layer: 9, only: []string{}},
		{path: "acceptance", layer: 9, only: []string{}}, // tests only
		{path: "acceptance/crash", layer: 9, only: []string{}},
	}
}

// dependency says who may import a foreign module or a part of it.
type dependency struct {
	path      string // an import path and all below it; the longest that matches decides
	importers []string
}

// dependencies lists the foreign packages that belong in certain places. Others are free.
func dependencies() []dependency {
	return []dependency{
		{"github.com/asynkron/protoactor-go", []string{"messages", "actors/...", "cluster", "."}},
		{"github.com/asynkron/protoactor-go/remote", []string{"cluster"}},
		{"github.com/asynkron/protoactor-go/cluster", []string{"cluster"}},
		{"modernc.org/sqlite", []string{"store/sqlite"}},
		{"github.com/jackc/pgx", []string{"store/postgres"}},
		{"github.com/sony/gobreaker", []string{"delivery"}},
		{"github.com/cenkalti/backoff", []string{"delivery", "actors/..."}},
		{"github.com/expr-lang/expr", []string{"expression"}},
		{"github.com/goccy/go-yaml", []string{"config"}},
		{"github.com/lmittmann/tint", []string{"telemetry"}},
		{"github.com/prometheus/client_golang", []string{"telemetry", ".", "admin", "cmd/..."}},
		{"github.com/spf13/cobra", []string{"cmd/...", "bench"}},
	}
}

// matches says whether pattern names path, itself or with "/..." as something below it.
func matches(pattern, path string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(path, folder+"/")
	}
	return pattern == path
}

func matchesAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, path) })
}

// ruleFor finds the rule of a package: the longest path that matches, an exact one before a folder.
func ruleFor(path string) (rule, bool) {
	var found rule
	for _, r := range rules() {
		if matches(r.path, path) && (r.path == path || len(r.path) > len(found.path)) {
			found = r
			if r.path == path {
				break
			}
		}
	}
	return found, found.path != ""
}
