package http

import (
	"fmt"
	nethttp "net/http"
	"strings"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// maxQuote is how much of the peer's own words stands in a failure's detail, in bytes.
const maxQuote = 200

// judge says what a response means for the records that were sent. It serves one goroutine.
type judge struct {
	scope   *expression.Scope // nil: no expression looks
	records []*connector.Record
}

// judge returns one verdict per record where batch_results gives them, nil for delivered; else nil and the word on all
// of them. Its errors are *connector.AttemptError.
func (j judge) judge(p *plan, response *connector.Response, broken error) ([]error, error) {
	if j.scope != nil {
		j.scope.Reset(j.records[0], response)
	}
	err := j.whole(p, response, broken)
	if p.config.BatchResults.IsZero() || broken != nil {
		return nil, err
	}
	delivered := err == nil
	if failure, ok := err.(*connector.AttemptError); ok && failure.Class == connector.Business {
		return nil, err
	}
	verdicts, unclear := j.each(p, response)
	switch {
	case unclear == nil:
		return verdicts, nil
	case delivered:
		return nil, unclear
	}
	return nil, err
}

// whole judges by status and success_when.
func (j judge) whole(p *plan, response *connector.Response, broken error) error {
	status := response.Status
	good := status >= 200 && status < 300
	switch {
	case status < 200 || status > 599:
		return unclear(response, fmt.Sprintf("%d is no status that ends a request", status))
	case good && broken != nil && p.needsBody:
		return unclear(response, response.Note)
	case p.config.SuccessWhen.IsZero() && good:
		return nil
	case p.config.SuccessWhen.IsZero():
		return statusError(response, time.Now())
	}
	yes, err := p.config.SuccessWhen.Test(j.scope)
	switch {
	case err == nil && yes && (broken == nil || !p.needsBody):
		return nil
	case !good:
		return statusError(response, time.Now())
	case err != nil:
		return unclear(response, "success_when: "+err.Error())
	}
	return &connector.AttemptError{Class: connector.Business, Status: status, Detail: detail(response, "success_when is false")}
}

// unclear says that the peer answered, but not what.
func unclear(response *connector.Response, text string) *connector.AttemptError {
	return &connector.AttemptError{
		Class: connector.Parse, Status: response.Status, Ambiguous: true, Detail: connector.Bound(legible(text), maxDetail),
	}
}

// statusError is the failure that a status below 600 stands for which does not mean success.
func statusError(response *connector.Response, now time.Time) *connector.AttemptError {
	status := response.Status
	failure := &connector.AttemptError{
		Class: statusClass(status), Status: status, Ambiguous: statusAmbiguous(status),
		Detail: detail(response, strings.TrimSpace(fmt.Sprintf("%d %s", status, nethttp.StatusText(status)))),
	}
	if failure.Class == connector.Throttled || failure.Class == connector.Unavailable {
		failure.After, _ = ParseRetryAfter(response.Headers.Get("retry-after"), now)
	}
	return failure
}

func statusClass(status int) connector.Class {
	switch {
	case status == nethttp.StatusTooManyRequests:
		return connector.Throttled
	case status == nethttp.StatusRequestTimeout, status == nethttp.StatusTooEarly, status >= 500:
		return connector.Unavailable
	}
	return connector.Rejected
}

// statusAmbiguous says whether a peer may answer so although it, or one behind it, has processed the request. It
// has not where the status says why it did not begin.
func statusAmbiguous(status int) bool {
	switch status {
	case nethttp.StatusNotImplemented, nethttp.StatusServiceUnavailable, nethttp.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

// detail adds the peer's own words, where they are text, to what is said of its answer.
func detail(response *connector.Response, text string) string {
	contentType := response.Headers.Get("content-type")
	if len(response.Body) == 0 || !strings.Contains(contentType, "json") && !strings.HasPrefix(contentType, "text/plain") {
		return text
	}
	body := response.Body[:min(len(response.Body), 2*maxQuote)]
	words := legible(string(body))
	return text + ": " + connector.Bound(strings.TrimSpace(words), maxQuote)
}
