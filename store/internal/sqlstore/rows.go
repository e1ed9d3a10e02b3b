package sqlstore

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// leg is a store.Leg in JSON. Names that are not UTF-8 stand beside it, as JSON would mend them.
type leg struct {
	store.Leg
	Raw *rawLeg `json:"raw,omitempty"`
}

type rawLeg struct {
	Sink        []byte `json:"sink"`
	Destination []byte `json:"destination"`
	Key         []byte `json:"key"`
}

func appendProgress(b []byte, p store.Progress) ([]byte, error) {
	if len(p.Legs) == 0 {
		return appendText(b, ""), nil
	}
	legs := make([]leg, len(p.Legs))
	for i, l := range p.Legs {
		legs[i].Leg = l
		if !utf8.ValidString(l.Sink) || !utf8.ValidString(l.Destination) || !utf8.ValidString(l.Key) {
			legs[i].Raw = &rawLeg{[]byte(l.Sink), []byte(l.Destination), []byte(l.Key)}
		}
	}
	return appendJSON(b, legs)
}

func (f *fields) progress() store.Progress {
	text := f.bytes()
	if f.err != nil || len(text) == 0 {
		return store.Progress{}
	}
	var legs []leg
	if f.err = json.Unmarshal(text, &legs); f.err != nil {
		return store.Progress{}
	}
	p := store.Progress{Legs: make([]store.Leg, len(legs))}
	for i, l := range legs {
		if l.Raw != nil {
			l.Sink, l.Destination, l.Key = string(l.Raw.Sink), string(l.Raw.Destination), string(l.Raw.Key)
		}
		p.Legs[i] = l.Leg
	}
	return p
}

func appendRecord(b []byte, r *connector.Record) []byte {
	b = appendTime(appendText(b, r.Key), r.Time)
	b = binary.AppendUvarint(b, uint64(len(r.Headers)))
	for i := range r.Headers {
		b = appendText(appendText(b, r.Headers[i].Name), r.Headers[i].Value)
	}
	return b
}

// record reads a record without its data.
func (f *fields) record(id string) *connector.Record {
	r := &connector.Record{ID: connector.RecordID(id), Key: f.text(), Time: f.time()}
	for range min(f.number(), uint64(len(f.rest))) { // a header takes two bytes at least
		r.Headers = append(r.Headers, connector.Header{Name: f.text(), Value: f.text()})
	}
	return r
}

// mark is the part of an entry that Update replaces.
func mark(e *store.Entry) ([]byte, error) {
	b := append(make([]byte, 0, 40), form, byte(e.Origin))
	return appendProgress(appendTime(b, e.Due.UTC()), e.Progress)
}

func (f *fields) mark(e *store.Entry) {
	e.Origin, e.Due, e.Progress = store.Origin(f.number()), f.time(), f.progress()
}

// entryBody is the part of an entry that stays. It has room for its checksum.
func entryBody(e *store.Entry) []byte {
	r := e.Record
	b := append(make([]byte, 0, r.Size()+40), form)
	b = appendTime(b, e.Since.UTC())
	b = binary.AppendUvarint(b, uint64(e.Replays))
	return appendText(appendRecord(b, r), r.Data)
}

// entry reads both parts. errMark says that the second alone is damaged: the record is whole, its progress is lost.
func entry(seq int64, pipeline, id string, markBlob, body []byte) (*store.Entry, error) {
	f, err := unseal(body, seq, pipeline, id)
	if err != nil {
		return nil, err
	}
	e := &store.Entry{Seq: seq, Pipeline: pipeline, Since: f.time(), Replays: int(f.number()), Record: f.record(id)}
	if e.Record.Data = f.bytes(); f.err != nil {
		return nil, f.err
	}
	if readMark(e, markBlob) != nil {
		return e, errMark
	}
	return e, nil
}

// errMark says that the progress of an entry is lost.
var errMark = errors.New("how far it had come is not known: it begins anew, with every sink")

func readMark(e *store.Entry, blob []byte) error {
	m, err := unseal(blob, e.Seq)
	if err != nil {
		return err
	}
	m.mark(e)
	return m.err
}

// letterBody is all of a letter but its data.
func letterBody(l *store.Letter) ([]byte, error) {
	b := append(make([]byte, 0, 512), form)
	b = appendText(b, l.Destination)
	b = append(b, byte(l.Class))
	b = appendTime(b, l.At.UTC())
	b = binary.AppendUvarint(b, uint64(l.Replays))
	b = appendRecord(b, l.Record)
	return appendJSON(b, l.Outcome)
}

// letterData is the data of a letter, with room for its checksum.
func letterData(l *store.Letter) []byte {
	b := append(make([]byte, 0, len(l.Record.Data)+1+sumLength), form)
	return append(b, l.Record.Data...)
}

// letter reads a letter; data is nil when it is not wanted.
func letter(seq int64, pipeline, id, sink string, body, data []byte) (*store.Letter, error) {
	f, err := unseal(body, seq, pipeline, id, sink)
	if err != nil {
		return nil, err
	}
	l := &store.Letter{Seq: seq, Pipeline: pipeline, Sink: sink, Destination: f.text(), Class: connector.Class(f.number()), At: f.time(), Replays: int(f.number())}
	l.Record = f.record(id)
	if f.json(&l.Outcome); f.err != nil || data == nil {
		return l, f.err
	}
	if f, err = unseal(data, seq, pipeline, id, sink); err != nil {
		return nil, err
	}
	l.Record.Data = f.rest
	return l, nil
}

func storyBody(s *store.Story) ([]byte, error) {
	b := append(make([]byte, 0, 256), form, 0)
	if s.Accepted {
		b[1] = 1
	}
	b = appendTime(appendText(b, s.Key), s.At.UTC())
	return appendJSON(b, s.Outcome)
}

func story(seq int64, pipeline, id string, body []byte) (*store.Story, error) {
	f, err := unseal(body, seq, pipeline, id)
	if err != nil {
		return nil, err
	}
	s := &store.Story{Seq: seq, Pipeline: pipeline, ID: connector.RecordID(id), Accepted: f.number() == 1, Key: f.text(), At: f.time()}
	f.json(&s.Outcome)
	return s, f.err
}

func positionBody(p connector.Position) []byte {
	b := appendText([]byte{form}, p.Partition)
	return appendText(binary.AppendVarint(b, p.Offset), p.Token)
}

func position(pipeline string, body []byte) (connector.Position, error) {
	f, err := unseal(body, 0, pipeline)
	if err != nil {
		return connector.Position{}, err
	}
	p := connector.Position{Partition: f.text(), Offset: f.signed(), Token: f.text()}
	return p, f.err
}
