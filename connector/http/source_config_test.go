package http

import (
	"errors"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/connector/http/ratelimit"
	"github.com/acktor/acktor/field"
)

func TestSourceConfigNamesTheKeyThatIsWrong(t *testing.T) {
	for key, changes := range map[string][]func(*SourceConfig){
		"address":         {func(c *SourceConfig) { c.Address = "8080" }, func(c *SourceConfig) { c.Address = "" }},
		"path":            {func(c *SourceConfig) { c.Path = "orders" }, func(c *SourceConfig) { c.Path = "/a?b" }},
		"methods":         {func(c *SourceConfig) { c.Methods = nil }, func(c *SourceConfig) { c.Methods = []string{"post"} }, func(c *SourceConfig) { c.Methods = []string{"A B"} }},
		"max_batch":       {func(c *SourceConfig) { c.MaxBatch = c.MaxWaiting + 1 }},
		"max_body":        {func(c *SourceConfig) { c.MaxBody = c.MaxWaitingBytes + 1 }},
		"respond":         {func(c *SourceConfig) { c.Respond, c.Reply = respondSink, replyAccepted }},
		"respond_headers": {func(c *SourceConfig) { c.RespondHeaders = []string{"Connection"} }, func(c *SourceConfig) { c.RespondHeaders = []string{"a b"} }},
		"tls":             {func(c *SourceConfig) { c.TLS = &SourceTLS{Cert: "x"} }},
		"key_header":      {func(c *SourceConfig) { c.KeyHeader = "a:" }},
		"tls.client_ca": {func(c *SourceConfig) {
			c.Verify = &credential.Verify{Certificate: &credential.VerifyCertificate{DNS: []string{"x"}}}
		}},
		"verify":                {func(c *SourceConfig) { c.Verify = &credential.Verify{} }},
		"verify.bearer.tokens":  {func(c *SourceConfig) { c.Verify = &credential.Verify{Bearer: &credential.VerifyBearer{}} }},
		"rate_limit.per_second": {func(c *SourceConfig) { c.RateLimit = &ratelimit.Config{} }},
		"cors.origins": {
			func(c *SourceConfig) { c.CORS = &SourceCORS{} }, func(c *SourceConfig) { c.CORS = &SourceCORS{Origins: []string{"https://x/"}} },
			func(c *SourceConfig) { c.CORS = &SourceCORS{Origins: []string{"shop.example"}} },
		},
		"cors.headers":     {func(c *SourceConfig) { c.CORS = &SourceCORS{Origins: []string{"*"}, Headers: []string{"a b"}} }},
		"webhooks.origins": {func(c *SourceConfig) { c.Webhooks = &SourceWebhooks{} }, func(c *SourceConfig) { c.Webhooks = &SourceWebhooks{Origins: []string{"a\nb"}} }},
		"id_headers":       {func(c *SourceConfig) { c.IDHeaders = []string{""} }},
	} {
		for i, change := range changes {
			config := field.Defaults[SourceConfig]()
			config.Address = "127.0.0.1:0"
			if err := config.Validate(); err != nil {
				t.Fatalf("the defaults: %v", err)
			}
			change(&config)
			_, err := newSource(config, connector.Env{})
			if wrong, ok := errors.AsType[*connector.ConfigError](err); !ok || wrong.Key != key {
				t.Errorf("%s %d: %v", key, i, err)
			}
		}
	}
}
