package http

import (
	"errors"
	"fmt"
	"log/slog"
	nethttp "net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/expression"
)

// plan is a SinkConfig that was checked and made ready. Any number of goroutines use it.
type plan struct {
	config   SinkConfig
	targets  []*target
	method   string // when it is fixed
	headers  *headerSet
	format   string
	auth     credential.Authorizer // nil: none
	border   border
	newPool  func() *pool
	scopes   sync.Pool
	looks    bool      // an expression looks at records or answers
	messages sync.Pool // of *message
	buffers  buffers

	idempotencyHeader string
	kept              []keptHeader
	needsBody         bool // an expression looks at the response's body
	needsHeaders      bool // ... at its headers
}

// maxKeptHeaders bounds response_headers.
const maxKeptHeaders = 32

// newPlan checks config. The error joins a *connector.ConfigError for each mistake.
func newPlan(config SinkConfig, log *slog.Logger) (*plan, error) {
	p := &plan{config: config, scopes: sync.Pool{New: func() any { return expression.NewScope() }}}
	if config.IdempotencyHeader != "" {
		p.idempotencyHeader = headerName(config.IdempotencyHeader)
	}
	var errs [8]error
	p.targets, errs[0] = newTargets(&config)
	p.method, errs[1] = fixedMethod(config.Method)
	p.headers, errs[2] = newHeaderSet(&config)
	p.format, errs[3] = bodyFormat(&config)
	tlsConfig, err := newTLSConfig(&config.TLS, log)
	errs[4] = err
	p.border, errs[5] = newBorder(p)
	if p.newPool, errs[6] = newPoolMaker(p, tlsConfig); errs[4] == nil && errs[6] == nil {
		p.auth, errs[4] = newAuthorizer(&config, tlsConfig)
	}
	errs[7] = p.keep(config.ResponseHeaders)
	watched := config.SuccessWhen.String() + " " + config.BatchResults.String()
	p.needsBody = strings.Contains(watched, "json") || strings.Contains(watched, "body")
	p.needsHeaders = strings.Contains(watched, "headers")
	p.looks = p.method == "" || p.format == formatTemplate || !config.SuccessWhen.IsZero() || !config.BatchResults.IsZero() ||
		p.headers != nil && len(p.headers.dynamic) > 0 || slices.ContainsFunc(p.targets, func(t *target) bool { return t.fixed.url == nil })
	return p, errors.Join(errs[:]...)
}

func newTargets(config *SinkConfig) ([]*target, error) {
	if config.URL.IsZero() == (len(config.URLs) == 0) {
		return nil, wrong("url", "one of url and urls is needed, and not both", "write url: https://host/path")
	}
	if !config.URL.IsZero() {
		t, err := newTarget(config.URL)
		if err != nil {
			return nil, wrong("url", err.Error(), "")
		}
		return []*target{t}, nil
	}
	var targets []*target
	var mistakes []error
	for i, template := range config.URLs {
		t, err := newTarget(template)
		if err == nil && t.origin == "" {
			err = errors.New("the host must be fixed; use url for a host that varies")
		}
		if err != nil {
			mistakes = append(mistakes, wrong(fmt.Sprintf("urls[%d]", i), err.Error(), ""))
			continue
		}
		targets = append(targets, t)
	}
	return targets, errors.Join(mistakes...)
}

func fixedMethod(template expression.Template) (string, error) {
	if template.IsZero() {
		return nethttp.MethodPost, nil
	}
	method, ok := template.Constant()
	if !ok {
		return "", nil
	}
	if err := checkMethod(method); err != nil {
		return "", wrong("method", err.Error(), "use POST, PUT, PATCH, DELETE or GET")
	}
	return method, nil
}

func checkMethod(method string) error {
	if !httpguts.ValidHeaderFieldName(method) { // a method is a token like a header's name
		return fmt.Errorf("%q is no method", connector.Bound(method, 32))
	}
	switch strings.ToUpper(method) {
	case nethttp.MethodConnect, nethttp.MethodTrace:
		return fmt.Errorf("%s carries no record", method)
	case method:
		return nil
	}
	return fmt.Errorf("%q is not in upper case", connector.Bound(method, 32))
}

func bodyFormat(config *SinkConfig) (string, error) {
	format := config.Format
	if format == "" {
		format = formatRaw
	}
	switch {
	case format == formatTemplate && config.Body.IsZero():
		return "", wrong("body", "is missing", "format: template needs it")
	case !config.Body.IsZero() && (format == formatBinary || format == formatStructured):
		return "", wrong("body", "stands beside format: "+format, "leave one of them out")
	case !config.Body.IsZero() && config.BatchFormat == batchEvents:
		return "", wrong("body", "stands beside batch_format: cloudevents", "leave one of them out")
	case config.BatchFormat != "" && (format == formatBinary || format == formatStructured):
		return "", wrong("format", "has no meaning beside batch_format", "use batch_format: cloudevents")
	case config.BatchFormat == "" && !config.BatchResults.IsZero():
		return "", wrong("batch_results", "has no meaning without batch_format", "add batch_format: json_array")
	case !config.Body.IsZero():
		return formatTemplate, nil
	}
	return format, nil
}

// keptHeader is a header of the response that is kept.
type keptHeader struct{ canonical, lower string }

func (p *plan) keep(names []string) error {
	p.kept = []keptHeader{{"Content-Type", "content-type"}, {"Retry-After", "retry-after"}}
	if len(names) > maxKeptHeaders {
		return wrong("response_headers", fmt.Sprintf("names %d headers", len(names)), fmt.Sprintf("at most %d are kept", maxKeptHeaders))
	}
	for _, name := range names {
		if !httpguts.ValidHeaderFieldName(name) {
			return wrong("response_headers", fmt.Sprintf("%q is no name of a header", name), "")
		}
		header := keptHeader{nethttp.CanonicalHeaderKey(name), strings.ToLower(name)}
		if !slices.Contains(p.kept, header) {
			p.kept = append(p.kept, header)
		}
	}
	return nil
}

// wanted returns the headers of an answer that somebody looks at; nil: all.
func (p *plan) wanted() []keptHeader {
	if p.needsHeaders {
		return nil
	}
	return p.kept
}

// scope borrows a scope that shows record, nil when nothing looks at it. It is given back with release.
func (p *plan) scope(record *connector.Record) *expression.Scope {
	if !p.looks {
		return nil
	}
	scope := p.scopes.Get().(*expression.Scope)
	scope.Reset(record, nil)
	return scope
}

// release gives a scope back, without what it showed.
func (p *plan) release(scope *expression.Scope) {
	if scope == nil {
		return
	}
	scope.Reset(nil, nil)
	p.scopes.Put(scope)
}
