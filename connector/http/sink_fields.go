package http

import (
	nethttp "net/http"
	"net/textproto"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// fields are the headers of a request: sorted by name, each name once.
type fields []headerField

// headerField is a header with its name as in headerName.
type headerField struct{ name, value string }

// find returns the place of a header, and whether it is there.
func (f fields) find(name string) (int, bool) {
	return slices.BinarySearchFunc(f, name, func(h headerField, name string) int { return strings.Compare(h.name, name) })
}

// get returns the value of a header, or nothing.
func (f fields) get(name string) string {
	if i, ok := f.find(name); ok {
		return f[i].value
	}
	return ""
}

// put sets a header to a value that was checked.
func (f *fields) put(name, value string) {
	i, ok := f.find(name)
	if !ok {
		*f = slices.Insert(*f, i, headerField{name: name})
	}
	(*f)[i].value = textproto.TrimString(value)
}

// set sets a header to a value that may come from a record. The empty value is left out.
func (f *fields) set(name, value string) error {
	if value == "" {
		return nil
	}
	if !httpguts.ValidHeaderFieldValue(value) {
		return invalid("header %s: the value holds a character that a header cannot carry", name)
	}
	f.put(name, value)
	return nil
}

// setDefault sets a header that is not set yet.
func (f *fields) setDefault(name, value string) {
	if _, ok := f.find(name); !ok {
		f.put(name, value)
	}
}

// remove takes headers out.
func (f *fields) remove(names ...string) {
	*f = slices.DeleteFunc(*f, func(h headerField) bool { return slices.Contains(names, h.name) })
}

// standard returns the headers in the form of package net/http.
func (f fields) standard() nethttp.Header {
	header := make(nethttp.Header, len(f))
	values := make([]string, len(f))
	for i, h := range f {
		values[i] = h.value
		header[h.name] = values[i : i+1 : i+1]
	}
	return header
}
