package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
)

// List returns a page of letters.
func (m *Memory) List(ctx context.Context, query LetterQuery) ([]*Letter, string, error) {
	before, limit, err := query.Page()
	if err != nil {
		return nil, "", err
	}
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, "", err
	}
	defer leave()
	found, next := newest(m.letters, before, limit, func(l *Letter) int64 { return l.Seq }, query.Matches)
	for i, letter := range found {
		letter = copiedLetter(letter)
		if !query.WithData {
			letter.Record.Data = nil
		}
		found[i] = letter
	}
	return found, next, nil
}

// newest returns a page of what matches in a list that ascends by seq.
func newest[T any](list []T, before int64, limit int, seq func(T) int64, matches func(T) bool) (page []T, next string) {
	for _, item := range slices.Backward(list) {
		if before != 0 && seq(item) >= before || !matches(item) {
			continue
		}
		if len(page) == limit {
			return page, Cursor(seq(page[limit-1]))
		}
		page = append(page, item)
	}
	return page, ""
}

// Letter returns a letter.
func (m *Memory) Letter(ctx context.Context, seq int64) (*Letter, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	i, found := slices.BinarySearchFunc(m.letters, seq, func(l *Letter, seq int64) int { return cmp.Compare(l.Seq, seq) })
	if !found {
		return nil, ErrNotFound
	}
	return copiedLetter(m.letters[i]), nil
}

// CountLetters counts the letters that match.
func (m *Memory) CountLetters(ctx context.Context, query LetterQuery) (int, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	n := 0
	for _, letter := range m.letters {
		if query.Matches(letter) {
			n++
		}
	}
	return n, nil
}

// Replay moves letters to the backlog.
func (m *Memory) Replay(ctx context.Context, query LetterQuery) (int, []string, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer leave()
	now, pipelines := time.Now(), map[string]bool{}
	letters := m.dropOldest(&query)
	for _, letter := range letters {
		e := letter.Entry(now)
		e.Seq = m.next()
		m.add(copied(e))
		pipelines[e.Pipeline] = true
	}
	return len(letters), slices.Sorted(maps.Keys(pipelines)), nil
}

// Drop removes letters.
func (m *Memory) Drop(ctx context.Context, query LetterQuery) (int, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	return len(m.dropOldest(&query)), nil
}

func (m *Memory) dropOldest(query *LetterQuery) (dropped []*Letter) {
	m.letters = slices.DeleteFunc(m.letters, func(l *Letter) bool {
		if query.Limit > 0 && len(dropped) == query.Limit || !query.Matches(l) {
			return false
		}
		dropped = append(dropped, l)
		return true
	})
	return dropped
}

// Stories returns a page of stories.
func (m *Memory) Stories(ctx context.Context, query StoryQuery) ([]*Story, string, error) {
	before, limit, err := query.Page()
	if err != nil {
		return nil, "", err
	}
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, "", err
	}
	defer leave()
	found, next := newest(m.stories, before, limit, func(s *Story) int64 { return s.Seq }, query.Matches)
	for i, story := range found {
		found[i] = copiedStory(story)
	}
	return found, next, nil
}

// Expire forgets stories.
func (m *Memory) Expire(ctx context.Context, before time.Time, maxStories int) (int, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	had := len(m.stories)
	m.stories = slices.DeleteFunc(m.stories, func(s *Story) bool { return s.At.Before(before) })
	if excess := len(m.stories) - maxStories; maxStories > 0 && excess > 0 {
		m.stories = slices.Delete(m.stories, 0, excess)
	}
	return had - len(m.stories), nil
}

// The copies below share only what nobody changes.

func copied(e *Entry) *Entry {
	c := *e
	c.Record, c.Since, c.Due, c.Progress = copiedRecord(e.Record), instant(e.Since), instant(e.Due), e.Progress.clone()
	return &c
}

func (p Progress) clone() Progress {
	legs := slices.Clone(p.Legs)
	for i := range legs {
		legs[i].Trail = slices.Clone(legs[i].Trail)
	}
	return Progress{Legs: legs}
}

func copiedLetter(l *Letter) *Letter {
	c := *l
	c.Record, c.At = copiedRecord(l.Record), instant(l.At)
	return &c
}

func copiedStory(s *Story) *Story {
	c := *s
	c.At = instant(s.At)
	return &c
}

func copiedRecord(r *connector.Record) *connector.Record {
	return &connector.Record{ID: r.ID, Key: r.Key, Headers: r.Headers, Data: r.Data, Time: r.Time}
}

// instant drops what a store does not keep of a time: its place and its monotonic reading.
func instant(t time.Time) time.Time { return t.Round(0).UTC() }
