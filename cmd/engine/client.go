package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/acktor/acktor/admin"
)

// problemError is what the admin API could not answer.
type problemError struct{ admin.Problem }

// Error says why, and what to do.
func (e *problemError) Error() string { return e.Detail }

func (e *problemError) code() int {
	if e.Status == http.StatusBadRequest {
		return exitUsage
	}
	return exitFailed
}

func (a *archive) letters(ctx context.Context, filter url.Values) (*admin.Letters, error) {
	return asked[admin.Letters](ctx, a, http.MethodGet, "/v1/dead", filter)
}

func (a *archive) letter(ctx context.Context, seq int64) (*admin.Letter, error) {
	return asked[admin.Letter](ctx, a, http.MethodGet, "/v1/dead/"+strconv.FormatInt(seq, 10), nil)
}

// move replays or drops letters: verb says which.
func (a *archive) move(ctx context.Context, verb string, filter url.Values) (*admin.Moved, error) {
	return asked[admin.Moved](ctx, a, http.MethodPost, "/v1/dead/"+verb, filter)
}

func (a *archive) record(ctx context.Context, id string) (*admin.Record, error) {
	// A dot is escaped as well: an id of one or two of them is no way up.
	return asked[admin.Record](ctx, a, http.MethodGet, "/v1/records/"+strings.ReplaceAll(url.PathEscape(id), ".", "%2E"), nil)
}

// process says which process answers: "process 123" when it is an engine, else "".
func (a *archive) process(ctx context.Context) (string, error) {
	response, err := a.send(ctx, http.MethodGet, "/healthz", nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if id := response.Header.Get(admin.ProcessHeader); id != "" {
		return "process " + id, nil
	}
	return "", nil
}

func asked[T any](ctx context.Context, a *archive, method, path string, query url.Values) (*T, error) {
	response, err := a.send(ctx, method, path, query)
	if err != nil {
		return nil, &exitError{code: exitEnvironment, err: fmt.Errorf("no engine answers at %s: %w", a.base, err)}
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, a.refused(response)
	}
	value := new(T)
	if err := json.NewDecoder(response.Body).Decode(value); err != nil {
		return nil, fmt.Errorf("%s does not answer as an engine does: %w", a.base, err)
	}
	return value, nil
}

func (a *archive) send(ctx context.Context, method, path string, query url.Values) (*http.Response, error) {
	target := a.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, err
	}
	response, err := a.client.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return nil, failed.Err // without the URL, which names the record
	}
	return response, err
}

func (a *archive) refused(response *http.Response) error {
	problem := &problemError{}
	const longest = 64 << 10
	if json.NewDecoder(io.LimitReader(response.Body, longest)).Decode(&problem.Problem) != nil || problem.Detail == "" {
		return &exitError{code: exitEnvironment, err: fmt.Errorf("%s answers %s: is that an engine, and one as new as this?", a.base, response.Status)}
	}
	return &exitError{code: problem.code(), err: problem}
}

// inProcess sends requests to a handler without a network.
type inProcess struct{ handler http.Handler }

var _ http.RoundTripper = inProcess{}

// RoundTrip returns when the handler has answered.
func (p inProcess) RoundTrip(request *http.Request) (*http.Response, error) {
	answer := &memo{header: http.Header{}, status: http.StatusOK}
	request = request.Clone(request.Context())
	request.Host = request.URL.Host
	p.handler.ServeHTTP(answer, request)
	return &http.Response{
		Status: strconv.Itoa(answer.status) + " " + http.StatusText(answer.status), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.header, Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()), Request: request,
	}, nil
}

// memo is a ResponseWriter that keeps the answer.
type memo struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header.
func (m *memo) Header() http.Header { return m.header }

// WriteHeader keeps the status.
func (m *memo) WriteHeader(status int) { m.status = status }

// Write appends to the body.
func (m *memo) Write(text []byte) (int, error) { return m.body.Write(text) }
