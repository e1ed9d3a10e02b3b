package admin

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// The parameters that say which dead letters, or which stories, are meant.
const (
	letterFilters = "pipeline sink class id seq since until"
	storyFilters  = "state pipeline class id since until"
)

// The limits of one answer, and of one request that moves letters.
const (
	defaultPage = 100
	maxPage     = 1000
	defaultMove = 500
	maxMove     = 10_000
)

// filter reads the parameters of a request. What it does not know is an error and never ignored: a misspelt filter
// would make a drop mean more than it says. The first mistake is kept.
type filter struct {
	values url.Values
	now    time.Time
	err    error
}

// newFilter checks that each parameter is one of the allowed, not empty, and given once; seq may be repeated.
func newFilter(values url.Values, allowed string) *filter {
	f := &filter{values: values, now: time.Now()}
	names := strings.Fields(allowed)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		given := values[name]
		switch {
		case !slices.Contains(names, name):
			f.fail("there is no parameter %q: there are %s", name, strings.Join(names, ", "))
		case len(given) > 1 && name != "seq":
			f.fail("%s is given %d times: give it once", name, len(given))
		case slices.Contains(given, ""):
			f.fail("%s is empty: leave it out when it does not matter", name)
		}
	}
	return f
}

func (f *filter) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

// given reports whether one of the parameters is there.
func (f *filter) given(names string) bool {
	return slices.ContainsFunc(strings.Fields(names), f.values.Has)
}

// letters reads which dead letters are meant.
func (f *filter) letters(limit, maxLimit int) store.LetterQuery {
	q := store.LetterQuery{
		Seqs: f.seqs(), Pipeline: f.values.Get("pipeline"), Sink: f.values.Get("sink"), Class: f.class(),
		ID: connector.RecordID(f.values.Get("id")), Since: f.moment("since"), Until: f.moment("until"),
		Cursor: f.values.Get("cursor"), Limit: f.limit(limit, maxLimit),
	}
	if _, _, err := q.Page(); err != nil {
		f.fail("cursor: %w", err)
	}
	return q
}

// stories reads which stories are meant.
func (f *filter) stories() store.StoryQuery {
	q := store.StoryQuery{
		ID: connector.RecordID(f.values.Get("id")), Pipeline: f.values.Get("pipeline"), State: f.state(), Class: f.class(),
		Since: f.moment("since"), Until: f.moment("until"), Cursor: f.values.Get("cursor"), Limit: f.limit(defaultPage, maxPage),
	}
	if _, _, err := q.Page(); err != nil {
		f.fail("cursor: %w", err)
	}
	return q
}

func (f *filter) seqs() (seqs []int64) {
	for _, text := range f.values["seq"] {
		seq, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seq < 1 {
			f.fail("seq %q: want the number of a dead letter", text)
		}
		seqs = append(seqs, seq)
	}
	return seqs
}

func (f *filter) class() (class connector.Class) {
	if text := f.values.Get("class"); text != "" && class.UnmarshalText([]byte(text)) != nil {
		names := each(connector.Classes(), connector.Class.String)
		f.fail("class %q: want one of %s", text, strings.Join(names, ", "))
	}
	return class
}

func (f *filter) state() (state connector.State) {
	text := f.values.Get("state")
	if text != "" && (state.UnmarshalText([]byte(text)) != nil || state == connector.Accepted) {
		f.fail("state %q: want one of delivered, failed, filtered", text)
	}
	return state
}

func (f *filter) limit(usual, most int) int {
	text := f.values.Get("limit")
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		f.fail("limit %q: want a number from 1 to %d", text, most)
	}
	return n
}

func (f *filter) moment(name string) time.Time {
	text := f.values.Get(name)
	if text == "" {
		return time.Time{}
	}
	if back, err := time.ParseDuration(text); err == nil && back >= 0 {
		return f.now.Add(-back)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		f.fail("%s %q: want a time such as 2006-01-02T15:04:05Z, or how long ago, such as 15m", name, text)
	}
	return at
}
