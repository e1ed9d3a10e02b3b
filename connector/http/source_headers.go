package http

import (
	nethttp "net/http"
	"slices"
	"strings"

	"github.com/acktor/acktor/connector"
)

// standardHead is a request's head as package net/http has read it.
type standardHead nethttp.Request

func (r *standardHead) target() (host, path, query string) {
	return r.Host, r.URL.EscapedPath(), r.URL.RawQuery
}

func (r *standardHead) recordHeaders() connector.Headers {
	count := 0
	for _, values := range r.Header {
		count += len(values)
	}
	headers := make(connector.Headers, 0, count)
	nominated := nominatedBy(r.Header["Connection"])
	for name, values := range r.Header {
		lower := lowerName(name)
		if perConnection(lower) || nominated[lower] {
			continue
		}
		for _, value := range values {
			headers = append(headers, connector.Header{Name: lower, Value: value})
		}
	}
	sortByName(headers)
	return headers
}

// sortByName keeps the order of headers with the same name.
func sortByName(headers connector.Headers) {
	slices.SortStableFunc(headers, func(a, b connector.Header) int { return strings.Compare(a.Name, b.Name) })
}

// nominatedBy returns the names, in lower case, that the values of Connection declare to be of this connection only (RFC
// 9110, section 7.6.1); nil when there is none.
func nominatedBy(connection []string) map[string]bool {
	var nominated map[string]bool
	for _, value := range connection {
		if value == "keep-alive" {
			continue // by far the most frequent, and never part of a record
		}
		for option := range strings.SplitSeq(value, ",") {
			if nominated == nil {
				nominated = make(map[string]bool)
			}
			nominated[strings.ToLower(strings.TrimSpace(option))] = true
		}
	}
	return nominated
}

// lowerName puts a name in lower case; the usual ones cost no allocation.
func lowerName(name string) string {
	switch name {
	case "Accept":
		return "accept"
	case "Accept-Encoding":
		return "accept-encoding"
	case "Authorization":
		return "authorization"
	case "Ce-Id":
		return "ce-id"
	case "Ce-Source":
		return "ce-source"
	case "Ce-Specversion":
		return "ce-specversion"
	case "Ce-Time":
		return "ce-time"
	case "Ce-Type":
		return "ce-type"
	case "Connection":
		return "connection"
	case "Content-Encoding":
		return "content-encoding"
	case "Content-Length":
		return "content-length"
	case "Content-Type":
		return "content-type"
	case "Idempotency-Key":
		return "idempotency-key"
	case "Traceparent":
		return "traceparent"
	case "User-Agent":
		return "user-agent"
	case "Webhook-Id":
		return "webhook-id"
	}
	return strings.ToLower(name)
}
