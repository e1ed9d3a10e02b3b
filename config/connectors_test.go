package config_test

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

// The connectors of these tests have the keys of real ones and do nothing.

type httpSource struct {
	Address      string            `config:"address,required" doc:"Where to listen." example:"127.0.0.1:8080"`
	Path         string            `config:"path" default:"/" doc:"The path that is served."`
	Methods      []string          `config:"methods" default:"[POST]" enum:"GET,POST,PUT" doc:"The methods that are served."`
	Reply        string            `config:"reply" default:"outcome" enum:"outcome,accepted" doc:"When the caller is answered."`
	ReplyTimeout time.Duration     `config:"reply_timeout" default:"30s" min:"1ms" doc:"Longest time to the answer."`
	Body         field.Bytes       `config:"max_body" default:"1MiB" doc:"Largest body."`
	Labels       map[string]string `config:"labels" doc:"Free labels."`
}

type tlsConfig struct {
	Cert     string       `config:"cert" doc:"A file."`
	Key      field.Secret `config:"key" doc:"The private key."`
	Insecure bool         `config:"insecure" default:"false" doc:"Accept any certificate."`
}

// Validate wants the certificate and the key together.
func (t *tlsConfig) Validate() error {
	if (t.Cert == "") != (t.Key == "") {
		return &connector.ConfigError{Key: "cert", Text: "cert and key go together", Cure: "give both or neither"}
	}
	return nil
}

type httpSink struct {
	URL            expression.Template            `config:"url,required" doc:"Where to send." example:"https://crm.example/hook"`
	Method         string                         `config:"method" default:"POST" doc:"The method."`
	Headers        map[string]expression.Template `config:"headers" doc:"Headers to add."`
	SuccessWhen    expression.ResponseCondition   `config:"success_when" doc:"What counts as delivered." example:"response.status < 300"`
	ConnectTimeout time.Duration                  `config:"connect_timeout" default:"2s" min:"1ms" doc:"Time to connect."`
	MaxConnections int                            `config:"max_connections" default:"256" min:"1" max:"100000" doc:"Most connections."`
	Token          field.Secret                   `config:"token" doc:"Sent as a bearer token."`
	Share          float64                        `config:"share" default:"1" min:"0" max:"1" doc:"A share."`
	TLS            *tlsConfig                     `config:"tls" doc:"How connections are secured."`
	URLs           []expression.Template          `config:"urls" doc:"More addresses."`
}

type fileSink struct {
	Path string `config:"path,required" doc:"The file." example:"./out.ndjson"`
}

type generateSource struct {
	Count int `config:"count" default:"0" min:"0" doc:"How many; 0 is without end."`
}

type nothing struct{}

type idle struct{}

func (idle) Open(context.Context, []connector.Position) error { return nil }
func (idle) Read(context.Context, connector.Credit) ([]*connector.Record, error) {
	return nil, connector.ErrEndOfSource
}
func (idle) Settle(context.Context, []connector.Settled) error { return nil }
func (idle) Close(context.Context) error                       { return nil }

type sink struct {
	config any
	env    connector.Env
}

func (*sink) Open(context.Context) error                                    { return nil }
func (*sink) Write(context.Context, []*connector.Record) []connector.Result { return nil }
func (*sink) Close(context.Context) error                                   { return nil }

var (
	_ connector.Source = idle{}
	_ connector.Sink   = (*sink)(nil)
)

func newHTTPSink(config httpSink, env connector.Env) (*connector.Outlet, error) {
	outlet := &connector.Outlet{Name: "http", Batch: 100, New: func(string) (connector.Sink, error) { return &sink{config, env}, nil }}
	url, constant := config.URL.Constant()
	if !constant {
		outlet.Destination = func(*connector.Record) (string, error) { return "one", nil }
		return outlet, nil
	}
	if !strings.HasPrefix(url, "http") {
		return nil, &connector.ConfigError{Key: "url", Text: "\"" + url + "\" has no scheme", Cure: "write http:// or https://"}
	}
	return outlet, nil
}

func newFileSink(config fileSink, env connector.Env) (*connector.Outlet, error) {
	switch config.Path {
	case "panic":
		panic("the roof is on fire")
	case "twice":
		return nil, errors.Join(&connector.ConfigError{Key: "path", Text: "first"}, errors.New("second"))
	}
	return &connector.Outlet{Name: config.Path, Batch: 100, New: func(string) (connector.Sink, error) { return &sink{config, env}, nil }}, nil
}

func registry(t testing.TB) *connector.Registry {
	t.Helper()
	all, err := connector.NewRegistry(
		connector.Definition{
			Name: "http", Summary: "Requests in, requests out.",
			Source: connector.DefineSource(func(httpSource, connector.Env) (connector.Source, error) { return idle{}, nil }),
			Sink:   connector.DefineSink(newHTTPSink),
		},
		connector.Definition{Name: "file", Summary: "Lines of a file.", Sink: connector.DefineSink(newFileSink)},
		connector.Definition{
			Name: "generate", Summary: "Records out of nothing.",
			Source: connector.DefineSource(func(generateSource, connector.Env) (connector.Source, error) { return idle{}, nil }),
		},
		connector.Definition{Name: "discard", Summary: "Delivers to nowhere.", Sink: connector.DefineSink(
			func(config nothing, env connector.Env) (*connector.Outlet, error) {
				return connector.Single(cmp.Or(env.Connector, "discard"), &sink{config, env}), nil
			})},
	)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
