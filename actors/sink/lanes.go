package sink

// lanes keep records with the same key in order: the first of them holds the lane through all its attempts,
// the others wait in it.
type lanes struct {
	byKey   map[string]*lane
	waiting int
}

type lane struct {
	key    string
	next   fifo
	parked bool // the one that held it is parked: what comes goes back until the source has heard of it
}

// enter puts j in its lane and reports whether it may go; if not, it waits there.
func (l *lanes) enter(j *job) bool {
	key := j.deliver.Key
	if key == "" {
		return true
	}
	if held, ok := l.byKey[key]; ok {
		held.next.push(j)
		l.waiting++
		return false
	}
	if l.byKey == nil {
		l.byKey = make(map[string]*lane)
	}
	j.lane = &lane{key: key}
	l.byKey[key] = j.lane
	return true
}

// leave frees the lane that j holds and returns the next job of it, or nil.
func (l *lanes) leave(j *job) *job {
	held := j.lane
	if held == nil {
		return nil
	}
	j.lane = nil
	if held.next.len() == 0 {
		delete(l.byKey, held.key)
		return nil
	}
	next := held.next.pop()
	l.waiting--
	next.lane = held
	return next
}

// park takes out the jobs that wait behind j, in their order, and lets nobody else in until unpark.
func (l *lanes) park(j *job) []*job {
	held := j.lane
	if held == nil {
		return nil
	}
	j.lane, held.parked = nil, true
	var waited []*job
	for held.next.len() > 0 {
		waited = append(waited, held.next.pop())
		l.waiting--
	}
	return waited
}

func (l *lanes) unpark(key string) {
	if held := l.byKey[key]; held != nil && held.parked {
		delete(l.byKey, key)
	}
}

// keep drops every waiting job for which stay is false.
func (l *lanes) keep(stay func(*job) bool) {
	for _, held := range l.byKey {
		before := held.next.len()
		held.next.keep(stay)
		l.waiting -= before - held.next.len()
	}
}
