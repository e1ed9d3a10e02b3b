package storetest

import (
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

func ledgerClauses() []clause {
	return []clause{
		{"a story comes back as it was", storiesComeBack},
		{"a query means what matches all of its fields", storyQueries},
		{"old stories expire, and then the oldest of too many", expiry},
		{"many stories expire", manyStories},
	}
}

func (b *bench) tell(stories ...*store.Story) {
	b.Helper()
	b.keep(&store.Change{Stories: stories})
}

func storySeqs(stories []*store.Story) []int64 {
	list := []int64{}
	for _, s := range stories {
		list = append(list, s.Seq)
	}
	return list
}

// stories returns all stories that match.
func (b *bench) stories(query store.StoryQuery) []*store.Story {
	b.Helper()
	var all []*store.Story
	for {
		page, next, err := b.Stories(b.Context(), query)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, page...)
		if query.Cursor = next; next == "" {
			return all
		}
	}
}

func (b *bench) isTold(query store.StoryQuery, want ...*store.Story) {
	b.Helper()
	if got := b.stories(query); !slices.Equal(storySeqs(got), storySeqs(want)) {
		b.Errorf("%+v: got %v, want %v", query, storySeqs(got), storySeqs(want))
	}
}

func storiesComeBack(b *bench) {
	all := []*store.Story{
		story("orders", "a", connector.Delivered, 1), story("orders", "b", connector.Failed, 2),
		{Pipeline: "orders", ID: "bare", At: day(3), Outcome: &connector.Outcome{State: connector.Accepted}}, {},
	}
	b.tell(all...)
	b.reopen()
	slices.Reverse(all)
	got := b.stories(store.StoryQuery{Limit: 2})
	if !slices.EqualFunc(all, got, sameStory) {
		b.Errorf("got %+v, want %+v", got, all)
	}
}

func storyQueries(b *bench) {
	p, q := story("orders", "p", connector.Delivered, 1), story("orders", "q", connector.Failed, 2)
	r, s := story("invoices", "p", connector.Filtered, 3), &store.Story{Pipeline: "bills", ID: "s", At: day(4)}
	t := story("invoices", "t", connector.Failed, 5)
	t.Outcome.Failure.Class = connector.DNS
	b.tell(p, q, r, s, t)
	b.reopen()
	b.isTold(store.StoryQuery{}, t, s, r, q, p)
	b.isTold(store.StoryQuery{Limit: 1}, t, s, r, q, p)
	b.isTold(store.StoryQuery{ID: "p"}, r, p)
	b.isTold(store.StoryQuery{ID: "p", Pipeline: "orders"}, p)
	b.isTold(store.StoryQuery{Pipeline: "orders"}, q, p)
	b.isTold(store.StoryQuery{State: connector.Failed}, t, q)
	b.isTold(store.StoryQuery{State: connector.Failed, Pipeline: "orders"}, q)
	b.isTold(store.StoryQuery{State: connector.Accepted})
	b.isTold(store.StoryQuery{Class: connector.DNS}, t)
	b.isTold(store.StoryQuery{State: connector.Failed, Class: connector.Rejected, Limit: 1}, q)
	b.isTold(store.StoryQuery{Since: day(3)}, t, s, r)
	b.isTold(store.StoryQuery{Since: day(2), Until: day(4)}, r, q)
	b.isTold(store.StoryQuery{Until: day(1)})
}

func (b *bench) expires(want int, before time.Time, most int) {
	b.Helper()
	if got, err := b.Expire(b.Context(), before, most); got != want || err != nil {
		b.Errorf("%d expire, %v; want %d", got, err, want)
	}
}

func expiry(b *bench) {
	var all []*store.Story
	for i := range 6 {
		all = append(all, story("orders", "a", connector.Delivered, []int{3, 1, 2, 5, 4, 6}[i]))
	}
	b.tell(all...)
	b.expires(0, day(1), 6)
	b.expires(2, day(3), 6)
	b.isTold(store.StoryQuery{}, all[5], all[4], all[3], all[0])
	b.expires(3, time.Time{}, 1)
	b.reopen()
	b.isTold(store.StoryQuery{}, all[5])
	b.expires(0, time.Time{}, 0)
	b.expires(1, day(99), 5)
	b.isTold(store.StoryQuery{})
}

func manyStories(b *bench) {
	var all []*store.Story
	for range 600 {
		all = append(all, story("orders", "a", connector.Delivered, 1))
	}
	b.tell(all...)
	b.expires(300, time.Time{}, 300)
	b.expires(300, day(2), 0)
}
