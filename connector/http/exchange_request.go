package http

import (
	"bytes"
	nethttp "net/http"
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
	into.WriteString(m.uri)
	into.WriteString(" HTTP/1.1\r\n")
	writeHeader(into, "Host", host)
	if agent := m.header.get("User-Agent"); agent != "" {
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

// writeHeaders writes the headers of m, in their order.
func (m *message) writeHeaders(into *bytes.Buffer) {
	for _, h := range m.header {
		if h.name != "User-Agent" {
			writeHeader(into, h.name, h.value)
		}
	}
}

func writeHeader(into *bytes.Buffer, name, value string) {
	into.WriteString(name)
	into.WriteString(": ")
	into.WriteString(value)
	into.WriteString("\r\n")
}
