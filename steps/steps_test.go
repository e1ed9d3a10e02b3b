package steps

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

func order() *connector.Record {
	return &connector.Record{
		ID: "r-1", Key: "k", Time: time.Unix(1, 0), Ref: new(int), Position: connector.Position{Partition: "p", Offset: 3},
		Headers: connector.Headers{{Name: "content-type", Value: "text/plain"}, {Name: "x-tenant", Value: "a"}, {Name: "x-tenant", Value: "b"}},
		Data:    []byte(`{"id":7,"total":12.5,"html":"<b>","line":"a\r\nb","nothing":null}`),
	}
}

func filter(source string) Step { return Filter{expression.Must[expression.Condition](source)} }

func mapped(source string) Step { return Map{expression.Must[expression.Value](source)} }

func headers(pairs ...string) Step {
	set := &Set{Headers: map[string]expression.Template{}}
	for i := 0; i < len(pairs); i += 2 {
		set.Headers[pairs[i]] = expression.Must[expression.Template](pairs[i+1])
	}
	return set
}

func id(source string) Step { return &Set{ID: expression.Must[expression.Value](source)} }

func key(source string) Step { return &Set{Key: expression.Must[expression.Value](source)} }

func goes(t *testing.T, chain Chain, record *connector.Record) *connector.Record {
	t.Helper()
	result := chain.Run(expression.NewScope(), record)
	if result.Record == nil {
		t.Fatalf("the record did not go on: %+v", result.Outcome.Report(record.ID))
	}
	return result.Record
}

// ends runs the chain and returns the outcome of a record that must not go on.
func ends(t *testing.T, chain Chain, record *connector.Record) *connector.Outcome {
	t.Helper()
	result := chain.Run(expression.NewScope(), record)
	if result.Record != nil || result.Outcome == nil {
		t.Fatalf("the record went on: %+v", result.Record)
	}
	return result.Outcome
}

func TestZeroChainPassesTheRecordItself(t *testing.T) {
	record := order()
	if got := goes(t, nil, record); got != record {
		t.Error("another record went on")
	}
}

func TestFilterPassesOrDrops(t *testing.T) {
	record := order()
	if got := goes(t, Chain{filter(`record.data.total > 0`)}, record); got != record {
		t.Error("a filter made another record")
	}
	outcome := ends(t, Chain{filter(`record.data.total < 0`)}, record)
	if want := (&connector.Outcome{State: connector.Filtered, Reason: "filter record.data.total < 0"}); !reflect.DeepEqual(outcome, want) {
		t.Errorf("got %+v", outcome)
	}
}

func TestMapReplacesTheData(t *testing.T) {
	for source, want := range map[string]struct{ data, contentType string }{
		`{"z": record.data.id, "a": record.data.html}`: {`{"a":"<b>","z":7}`, "application/json"},
		`record.data.id`:     {`7`, "application/json"},
		`record.key + "!"`:   {`k!`, "text/plain"},
		`record.data.id > 7`: {`false`, "application/json"},
	} {
		record := order()
		got := goes(t, Chain{mapped(source)}, record)
		if string(got.Data) != want.data || got.Headers.Get("content-type") != want.contentType {
			t.Errorf("%s: got %s, %v", source, got.Data, got.Headers)
		}
		if got.ID != record.ID || got.Ref != record.Ref || got.Position != record.Position || !got.Time.Equal(record.Time) {
			t.Errorf("%s: lost something: %+v", source, got)
		}
	}
}

func TestSetChangesIDKeyAndHeaders(t *testing.T) {
	record := order()
	record.Headers.Add("ce-id", "r-1")
	set := &Set{
		ID: expression.Must[expression.Value](`record.data.id`), Key: expression.Must[expression.Value](`record.id`),
		Headers: map[string]expression.Template{
			"X-Tenant": expression.Must[expression.Template](`t-{{ record.headers["x-tenant"] }}`),
			"x-empty":  {},
			"x-id":     expression.Must[expression.Template](`{{ record.id }}`),
		},
	}
	if err := set.Validate(); err != nil {
		t.Fatal(err)
	}
	got := goes(t, Chain{set}, record)
	want := connector.Headers{
		{Name: "content-type", Value: "text/plain"}, {Name: "ce-id", Value: "7"},
		{Name: "x-tenant", Value: "t-a"}, {Name: "x-empty", Value: ""}, {Name: "x-id", Value: "r-1"},
	}
	if got.ID != "7" || got.Key != "r-1" || !reflect.DeepEqual(got.Headers, want) {
		t.Errorf("got %q, %q, %v", got.ID, got.Key, got.Headers)
	}
	if name := set.String(); name != "set id, key, headers.X-Tenant, headers.x-empty, headers.x-id" {
		t.Errorf("the step is called %q", name)
	}
}

func TestStepThatFailsFailsTheRecord(t *testing.T) {
	for _, c := range []struct {
		step   Step
		detail string
	}{
		{filter(`record.data.missing.x > 0`), `steps[1] filter record.data.missing.x > 0: cannot read "x" of nil`},
		{filter(`record.data.id`), `a condition must be true or false, this gave a number`},
		{mapped(`record.data.nothing`), `steps[1] map record.data.nothing: the expression gave nil`},
		{mapped(`1 / 0`), `cannot be written`},
		{id(`""`), `steps[1] set id: id: it is empty`},
		{id(`record.data.nothing`), `id: it is empty`},
		{id(`record.data.line`), `id: the value has '\r' in it`},
		{key(`record.data.missing.x`), `key: cannot read "x" of nil`},
		{headers("x-line", `{{ record.data.line }}`), `headers.x-line: the value has '\r' in it`},
		{headers("x-line", "a\x00"), `'\x00' in it`},
		{headers("x-line", "a\n"), `'\n' in it`},
		{Func("check stock", func(*connector.Record) (*connector.Record, error) { return order(), errors.New("no stock") }), `steps[1] check stock: no stock`},
		{filter(`record.key != "` + strings.Repeat("x", 2000) + `" && record.data.missing.x`), `: cannot read "x" of nil`},
	} {
		outcome := ends(t, Chain{filter("true"), c.step}, order())
		f := outcome.Failure
		if outcome.State != connector.Failed || outcome.Attempts != 0 || f.Class != connector.Invalid || f.Retryable || f.Ambiguous {
			t.Errorf("%.60s: got %+v, %+v", c.step, outcome, f)
		}
		if !strings.Contains(f.Detail, c.detail) || len(f.Detail) > maxDetail {
			t.Errorf("%.60s: detail %q; want %q", c.step, f.Detail, c.detail)
		}
	}
}

func TestPanicInAStepFailsTheRecord(t *testing.T) {
	for _, value := range []any{"boom", errors.New("boom"), strings.Repeat("boom", 1000)} {
		panics := Func("mine", func(*connector.Record) (*connector.Record, error) { panic(value) })
		outcome := ends(t, Chain{panics}, order())
		f := outcome.Failure
		if outcome.State != connector.Failed || f.Class != connector.Panicked || !strings.HasPrefix(f.Detail, "steps[0] mine: panic: boom") {
			t.Errorf("got %+v", f)
		}
		if len(f.Detail) > maxDetail || strings.Contains(f.Detail, "goroutine") {
			t.Errorf("detail is %q", f.Detail)
		}
	}
}

func TestFuncStepPassesChangesAndDrops(t *testing.T) {
	changed := order()
	if got := goes(t, Chain{Func("change", func(*connector.Record) (*connector.Record, error) { return changed, nil })}, order()); got != changed {
		t.Error("another record went on")
	}
	drop := Func("drop all", func(*connector.Record) (*connector.Record, error) { return nil, nil })
	if outcome := ends(t, Chain{drop}, order()); outcome.State != connector.Filtered || outcome.Reason != "drop all" {
		t.Errorf("got %+v", outcome)
	}
}

func TestLaterStepsAndTheScopeSeeTheChangedRecord(t *testing.T) {
	scope := expression.NewScope()
	scope.Reset(order(), &connector.Response{Status: 200})
	chain := Chain{filter(`record.data.id == 7`), mapped(`{"id": record.data.id + 1}`), filter(`record.data.id == 8`), id(`record.data.id`)}
	result := chain.Run(scope, order())
	if result.Record == nil || result.Record.ID != "8" {
		t.Fatalf("got %+v", result)
	}
	if got, err := expression.Must[expression.Value](`record.id + record.text`).EvalString(scope); got != `8{"id":8}` || err != nil {
		t.Errorf("the scope shows %q, %v", got, err)
	}
	if _, err := expression.Must[expression.ResponseValue](`response.status`).Eval(scope); err == nil {
		t.Error("the scope shows the response of another record")
	}
}

func TestConfigHoldsExactlyOneStep(t *testing.T) {
	condition, value := expression.Must[expression.Condition]("true"), expression.Must[expression.Value]("1")
	set := &Set{ID: value}
	for _, c := range []struct {
		config Config
		step   string
		text   string
	}{
		{Config{Filter: condition}, "filter true", ""},
		{Config{Map: value}, "map 1", ""},
		{Config{Set: set}, "set id", ""},
		{Config{}, "", "the step is empty; give each"},
		{Config{Filter: condition, Map: value}, "", "more than one step"},
		{Config{Map: value, Set: set}, "", "more than one step"},
		{Config{Set: &Set{}}, "", "set: the step sets nothing"},
		{Config{Set: headers("a b", "x").(*Set)}, "", `set.headers.a b: "a b" is not the name of a header`},
		{Config{Set: headers("", "x").(*Set)}, "", `is not the name of a header`},
		{Config{Set: headers("A-b", "x", "a-B", "y").(*Set)}, "", `set.headers.a-B: the header is set twice`},
	} {
		err := c.config.Validate()
		if c.text == "" {
			if err != nil || c.config.Step().String() != c.step {
				t.Errorf("%s: %v", c.step, err)
			}
			continue
		}
		if _, ok := errors.AsType[*connector.ConfigError](err); !ok || !strings.Contains(err.Error(), c.text) {
			t.Errorf("got %v; want %s", err, c.text)
		}
	}
	if chain := NewChain([]Config{{Filter: condition}, {Set: set}}); len(chain) != 2 || chain[1] != Step(set) {
		t.Errorf("got %v", chain)
	}
}

// TestNoRecordIsChangedAndNoFailurePassesItsInputOn runs random chains against a dumb twin that only knows how many
// steps succeed: the first step that fails or drops ends the record, whatever follows.
func TestNoRecordIsChangedAndNoFailurePassesItsInputOn(t *testing.T) {
	kinds := []struct {
		step  Step
		state connector.State // 0: the record goes on
	}{
		{filter(`record.id != ""`), 0},
		{mapped(`{"id": 7, "was": record.text}`), 0},
		{mapped(`record.text`), 0},
		{id(`record.id + "x"`), 0},
		{key(`""`), 0},
		{headers("x-tenant", `{{ record.id }}`, "x-new", "n"), 0},
		{Func("same", func(r *connector.Record) (*connector.Record, error) { return r, nil }), 0},
		{filter(`record.id == ""`), connector.Filtered},
		{filter(`record.data.missing.x`), connector.Failed},
		{mapped(`nil`), connector.Failed},
		{id(`""`), connector.Failed},
		{headers("x-a", "ok", "x-b", "a\nb"), connector.Failed},
		{Func("error", func(r *connector.Record) (*connector.Record, error) { return r, errors.New("no") }), connector.Failed},
		{Func("panic", func(*connector.Record) (*connector.Record, error) { panic("no") }), connector.Failed},
	}
	scope := expression.NewScope()
	rapid.Check(t, func(t *rapid.T) {
		var chain Chain
		var want connector.State
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(kinds)-1), 0, 8).Draw(t, "chain") {
			chain = append(chain, kinds[i].step)
			if want == 0 {
				want = kinds[i].state
			}
		}
		record, before := order(), order()
		before.Ref = record.Ref
		result := chain.Run(scope, record)
		if !reflect.DeepEqual(record, before) {
			t.Fatalf("the record was changed: %+v", record)
		}
		if (result.Record == nil) == (result.Outcome == nil) {
			t.Fatalf("not exactly one is set: %+v", result)
		}
		if want == 0 != (result.Record != nil) || want != 0 && result.Outcome.State != want {
			t.Fatalf("want state %v, got %+v", want, result)
		}
		if result.Record != nil {
			shown, err := expression.Must[expression.Value](`record.id`).EvalString(scope)
			if shown != string(result.Record.ID) || err != nil || result.Record.Ref != record.Ref || result.Record.Position != record.Position {
				t.Fatalf("the scope shows %q, %v", shown, err)
			}
		}
	})
}

func TestZeroChainAllocatesNothing(t *testing.T) {
	scope, record := expression.NewScope(), order()
	if n := testing.AllocsPerRun(100, func() { Chain(nil).Run(scope, record) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkZeroChain(b *testing.B) {
	scope, record := expression.NewScope(), order()
	b.ReportAllocs()
	for b.Loop() {
		Chain(nil).Run(scope, record)
	}
}

func BenchmarkFilterMapSet(b *testing.B) {
	scope, record := expression.NewScope(), order()
	chain := Chain{filter(`record.data.total > 0`), mapped(`{"id": record.data.id}`), headers("x-a", "{{ record.id }}")}
	b.ReportAllocs()
	for b.Loop() {
		if chain.Run(scope, record).Record == nil {
			b.Fatal("ended")
		}
	}
}

func ExampleChain() {
	chain := Chain{
		Filter{expression.Must[expression.Condition](`record.data.total > 0`)},
		Map{expression.Must[expression.Value](`{"id": record.data.id}`)},
		Func("stamp", func(record *connector.Record) (*connector.Record, error) {
			stamped := record.Clone()
			stamped.Headers.Set("x-origin", "acktor")
			return stamped, nil
		}),
	}
	scope := expression.NewScope()
	paid := chain.Run(scope, &connector.Record{ID: "1", Data: []byte(`{"id": 7, "total": 5}`)})
	free := chain.Run(scope, &connector.Record{ID: "2", Data: []byte(`{"id": 8, "total": 0}`)})
	fmt.Printf("%s %s\n", paid.Record.Data, paid.Record.Headers.Get("x-origin"))
	fmt.Println(free.Outcome.State, "by", free.Outcome.Reason)
	// Output:
	// {"id":7} acktor
	// filtered by filter record.data.total > 0
}
