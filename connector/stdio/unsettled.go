package stdio

import "github.com/acktor/acktor/connector"

// unsettled are the records that were handed over and not settled, in their order: a list, so that each is
// removed at once, however long one before it takes. A record's Ref is its place in the list.
type unsettled struct{ first, last *place }

type place struct {
	record         *connector.Record
	before, behind *place
}

// add appends records, and sets their Ref.
func (u *unsettled) add(records []*connector.Record) {
	slab := make([]place, len(records))
	for i, record := range records {
		p := &slab[i]
		p.record, p.before = record, u.last
		record.Ref = p
		if u.last != nil {
			u.last.behind = p
		} else {
			u.first = p
		}
		u.last = p
	}
}

// has reports whether record was added and not removed.
func (u *unsettled) has(record *connector.Record) bool {
	p, ok := record.Ref.(*place)
	return ok && p.record != nil
}

// remove takes record out. One that is not there is ignored: it was settled before.
func (u *unsettled) remove(record *connector.Record) {
	if !u.has(record) {
		return
	}
	p := record.Ref.(*place)
	if p.before != nil {
		p.before.behind = p.behind
	} else {
		u.first = p.behind
	}
	if p.behind != nil {
		p.behind.before = p.before
	} else {
		u.last = p.before
	}
	*p = place{}
}

// records returns all, in their order.
func (u *unsettled) records() []*connector.Record {
	var all []*connector.Record
	for p := u.first; p != nil; p = p.behind {
		all = append(all, p.record)
	}
	return all
}
