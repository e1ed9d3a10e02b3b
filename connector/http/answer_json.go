package http

import "strconv"

// object writes a JSON object member by member, leaving out what is empty.
type object struct{ out []byte }

func (o *object) name(name string) {
	if o.out[len(o.out)-1] != '{' {
		o.out = append(o.out, ',')
	}
	o.out = append(append(append(o.out, '"'), name...), '"', ':')
}

func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		o.out = appendString(o.out, value)
	}
}

func (o *object) number(name string, n int) {
	o.name(name)
	o.out = strconv.AppendInt(o.out, int64(n), 10)
}

func (o *object) flag(name string, set bool) {
	if set {
		o.name(name)
		o.out = append(o.out, "true"...)
	}
}

// appendAnswer appends the JSON object of an answer.
func appendAnswer(out []byte, a *answer) []byte {
	o := object{append(out, '{')}
	if a.isProblem() {
		o.problem(a.kind, a.title, a.code)
	}
	o.text("id", string(a.id))
	o.text("outcome", a.outcome)
	o.text("class", a.class)
	o.flag("retryable", a.retryable)
	o.flag("ambiguous", a.ambiguous)
	if a.outcome != "" {
		o.number("attempts", a.attempts)
	}
	o.text("sink", a.sink)
	o.text("destination", a.destination)
	if a.status != 0 {
		if !a.isProblem() {
			o.number("status", a.status)
		}
		o.number("sink_status", a.status)
	}
	o.text("detail", a.detail)
	o.flag("dead_lettered", a.deadLettered)
	o.text("location", a.location)
	if len(a.branches) > 0 {
		o.name("branches")
		o.out = appendAnswers(o.out, a.branches)
	}
	return append(o.out, '}')
}

func appendAnswers(out []byte, answers []answer) []byte {
	out = append(out, '[')
	for i := range answers {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendAnswer(out, &answers[i])
	}
	return append(out, ']')
}

// appendProblem appends the JSON object of a problem.
func appendProblem(out []byte, r *problem) []byte {
	o := object{append(out, '{')}
	o.problem(r.kind, r.title, r.code)
	o.text("attribute", r.attribute)
	o.text("detail", r.detail)
	return append(o.out, '}')
}

// problem writes the members of RFC 9457.
func (o *object) problem(kind, title string, code int) {
	o.text("type", "urn:acktor:problem:"+kind)
	o.text("title", title)
	o.number("status", code)
}
