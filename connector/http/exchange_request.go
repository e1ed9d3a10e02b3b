package http

import (
	"bytes"
	nethttp "net/http"
	"net/textproto"
	"slices"
	"strconv"
)

// writeHead writes what goes before the body, byte for byte as package net/http does. Host and headers were checked when
// the message was made.
func (m *message) writeHead(into *bytes.Buffer) {
	host := m.host
	if host == "" {
		host = m.url.Host
	}
	into.WriteString(m.method)
	into.WriteByte(' ')
	into.WriteString(m.url.RequestURI())
	into.WriteString(" HTTP/1.1\r\n")
	writeHeader(into, "Host", host)
	if agent := textproto.TrimString(m.header.Get("User-Agent")); agent != "" {
		writeHeader(into, "User-Agent", agent)
	}
	if len(m.body) > 0 || saysEmpty(m.method) {
		into.WriteString("Content-Length: ")
		into.Write(strconv.AppendInt(into.AvailableBuffer(), int64(len(m.body)), 10))
		into.WriteString("\r\n")
	}
	m.writeHeaders(into)
	into.WriteString("\r\n")
}

// saysEmpty says whether a request with that method announces an empty body.
func saysEmpty(method string) bool {
	return method == nethttp.MethodPost || method == nethttp.MethodPut || method == nethttp.MethodPatch
}

// usualHeaders is how many headers a request has, mostly.
const usualHeaders = 12

// writeHeaders writes the headers of m, sorted.
func (m *message) writeHeaders(into *bytes.Buffer) {
	var few [usualHeaders]string
	names := few[:0]
	for name := range m.header {
		if name != "User-Agent" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range m.header[name] {
			writeHeader(into, name, textproto.TrimString(value))
		}
	}
}

func writeHeader(into *bytes.Buffer, name, value string) {
	into.WriteString(name)
	into.WriteString(": ")
	into.WriteString(value)
	into.WriteString("\r\n")
}
