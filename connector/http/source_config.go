package http

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/connector/http/ratelimit"
	"github.com/acktor/acktor/field"
)

// The values of SourceConfig.Reply and SourceConfig.Respond.
const (
	replyOutcome   = "outcome"
	replyAccepted  = "accepted"
	respondOutcome = "outcome"
	respondSink    = "sink"
	serverStandard = "standard"
	serverFast     = "fast"
)

// SourceConfig configures an HTTP source. Its limits are what keeps the memory of the source bounded, whatever
// its clients do: connections, bodies that are being read or wait, and records that wait.
type SourceConfig struct {
	Address string   `config:"address,required" doc:"Host and port to listen on. Port 0 takes any free one." example:"127.0.0.1:8080"`
	Path    string   `config:"path" default:"/" doc:"The one path that takes records. Any other is answered 404." example:"/orders"`
	Methods []string `config:"methods" default:"[POST]" doc:"The methods that hand a record over. Any other is answered 405."`

	Reply        string        `config:"reply" default:"outcome" enum:"outcome,accepted" doc:"outcome answers when the outcome of the record is known; accepted answers 202 as soon as the record is durable in the engine's store, which then answers for it."`
	ReplyTimeout time.Duration `config:"reply_timeout" default:"30s" min:"1ms" doc:"An outcome that is not known after this time is answered 202, pending. The delivery goes on."`
	Respond      string        `config:"respond" default:"outcome" enum:"outcome,sink" doc:"outcome answers with the outcome as JSON; sink passes on status, headers and body of what the sink was answered, where it was."`

	RespondHeaders  []string `config:"respond_headers" default:"[content-type, content-encoding]" doc:"With respond: sink, the headers of the sink's answer that are passed on."`
	ShowDestination bool     `config:"show_destination" default:"false" doc:"Name the destination and quote error texts in answers. They may hold internal addresses."`
	RequestMetadata bool     `config:"request_metadata" default:"false" doc:"Add the headers http-method, http-host, http-path and http-query to each record, in place of headers of these names that the client sent."`

	MaxBody         field.Bytes `config:"max_body" default:"1MiB" min:"1" doc:"A longer body is answered 413."`
	MaxHeader       field.Bytes `config:"max_header" default:"64KiB" min:"1KiB" doc:"A longer request line and header is answered 431."`
	MaxBatch        int         `config:"max_batch" default:"1000" min:"1" doc:"A batch of more CloudEvents than this is answered 413."`
	MaxWaiting      int         `config:"max_waiting" default:"1024" min:"1" doc:"Records that wait for the engine to take them. Beyond it the answer is 503 at once."`
	MaxWaitingBytes field.Bytes `config:"max_waiting_bytes" default:"256MiB" min:"1" doc:"Memory for bodies that are being read or wait for the engine to take them. Beyond it the answer is 503 at once."`
	MaxConnections  int         `config:"max_connections" default:"4096" min:"1" doc:"Connections at the same time. Further ones wait to be accepted."`

	ReadHeaderTimeout time.Duration `config:"read_header_timeout" default:"5s" min:"1ms" doc:"Time to send the request line and headers."`
	ReadTimeout       time.Duration `config:"read_timeout" default:"30s" min:"1ms" doc:"Time to send the whole request, else 408."`
	WriteTimeout      time.Duration `config:"write_timeout" default:"10s" min:"1ms" doc:"Time for the client to take the answer."`
	IdleTimeout       time.Duration `config:"idle_timeout" default:"60s" min:"1ms" doc:"How long a connection is kept for a further request."`
	AdmissionWait     time.Duration `config:"admission_wait" default:"1s" min:"1ms" doc:"How long a record waits for the engine to take it before the answer is 503."`
	RetryAfter        time.Duration `config:"retry_after" default:"1s" min:"1s" doc:"The Retry-After of a 503, rounded up to seconds."`

	KeyHeader string   `config:"key_header" doc:"The header that holds the record's key." example:"x-customer"`
	IDHeaders []string `config:"id_headers" default:"[ce-id, webhook-id, idempotency-key]" doc:"The first of these that a request has is the record's id; without one it is a UUIDv7. The id of a CloudEvent is always its own."`

	Server string `config:"server" default:"fast" enum:"standard,fast" doc:"What reads the requests: standard is Go's net/http for all of them; fast reads those of HTTP/1.1 that are of the usual kind by itself, at a fraction of the cost, and leaves the others to net/http. Both answer alike."`

	TLS *SourceTLS `config:"tls" doc:"Serve HTTPS, with HTTP/1.1 and HTTP/2."`

	Verify        *credential.Verify `config:"verify" doc:"What a request must bring to be taken: else it is answered 401, or 403 where it has the wrong certificate."`
	ReplayEntries int                `config:"replay_entries" default:"100000" min:"0" doc:"Messages with a signed timestamp that are remembered for as long as it is accepted, each in some 150 bytes: one that was taken and comes again is answered as a duplicate. 0: none."`
	RateLimit     *ratelimit.Config  `config:"rate_limit" doc:"How often each client is served; beyond that the answer is 429 with Retry-After."`
	CORS          *SourceCORS        `config:"cors" doc:"Lets scripts of web pages send requests and read the answers."`
	Webhooks      *SourceWebhooks    `config:"webhooks" doc:"Answers senders that ask first whether they may send (CloudEvents, HTTP 1.1 Web Hooks for Event Delivery, section 4)."`
}

// SourceTLS names files in PEM form. The certificate and its key follow their files: connections that are made after a change have the
// new ones. The authorities are read at every Open.
type SourceTLS struct {
	Cert     string `config:"cert,required" doc:"File with the certificate and its chain, in PEM." example:"/etc/acktor/tls.crt"`
	Key      string `config:"key,required" doc:"File with the private key, in PEM." example:"/etc/acktor/tls.key"`
	ClientCA string `config:"client_ca" doc:"File with the authorities, in PEM, of which every client must have a certificate." example:"/etc/acktor/clients.crt"`
}

// Validate names the first key that is wrong, as a *connector.ConfigError.
func (c *SourceConfig) Validate() error {
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return &connector.ConfigError{Key: "address", Text: fmt.Sprintf("%q is not host:port", c.Address), Cure: "write for example 127.0.0.1:8080"}
	}
	if !strings.HasPrefix(c.Path, "/") || strings.ContainsAny(c.Path, "?#") {
		return &connector.ConfigError{Key: "path", Text: fmt.Sprintf("%q is not a path", c.Path), Cure: "write for example /orders"}
	}
	if c.MaxBatch > c.MaxWaiting {
		return &connector.ConfigError{Key: "max_batch", Text: fmt.Sprintf("%d is more than max_waiting, %d: such a batch could never be taken", c.MaxBatch, c.MaxWaiting)}
	}
	if c.MaxBody > c.MaxWaitingBytes {
		return &connector.ConfigError{Key: "max_body", Text: fmt.Sprintf("%s is more than max_waiting_bytes, %s: such a body could never be taken", c.MaxBody, c.MaxWaitingBytes)}
	}
	if c.Respond == respondSink && c.Reply == replyAccepted {
		return &connector.ConfigError{Key: "respond", Text: "sink does not go with reply: accepted, which answers before the sink has", Cure: "set reply: outcome"}
	}
	if c.TLS != nil && (c.TLS.Cert == "" || c.TLS.Key == "") {
		return &connector.ConfigError{Key: "tls", Text: "cert and key must both be set"}
	}
	if c.Verify != nil && c.Verify.Certificate != nil && (c.TLS == nil || c.TLS.ClientCA == "") {
		return &connector.ConfigError{Key: "tls.client_ca", Text: "is missing, and verify.certificate needs it: a certificate that no authority vouches for says what its owner likes", Cure: "name the file with the authorities of your clients"}
	}
	if err := c.validateOrigins(); err != nil {
		return err
	}
	return c.validateNames()
}

func (c *SourceConfig) validateNames() error {
	if len(c.Methods) == 0 {
		return &connector.ConfigError{Key: "methods", Text: "is empty: no request could hand a record over", Cure: "write for example [POST]"}
	}
	for _, method := range c.Methods {
		if !httpguts.ValidHeaderFieldName(method) || method != strings.ToUpper(method) {
			return &connector.ConfigError{Key: "methods", Text: fmt.Sprintf("%q is not a method", method), Cure: "write for example POST"}
		}
	}
	if c.KeyHeader != "" && !httpguts.ValidHeaderFieldName(c.KeyHeader) {
		return notAHeader("key_header", c.KeyHeader)
	}
	for _, name := range c.IDHeaders {
		if !httpguts.ValidHeaderFieldName(name) {
			return notAHeader("id_headers", name)
		}
	}
	for _, name := range c.RespondHeaders {
		if !httpguts.ValidHeaderFieldName(name) {
			return notAHeader("respond_headers", name)
		}
		if perConnection(strings.ToLower(name)) {
			return &connector.ConfigError{Key: "respond_headers", Text: fmt.Sprintf("%q belongs to one connection and cannot be passed on", name)}
		}
	}
	return nil
}

func notAHeader(key, name string) error {
	return &connector.ConfigError{Key: key, Text: fmt.Sprintf("%q is not the name of a header", name), Cure: "write for example x-customer"}
}

// perConnection says whether a header, named in lower case, tells of one connection or of the framing of one
// message (RFC 9110, section 7.6.1), so that it is neither part of a record nor passed on.
func perConnection(name string) bool {
	switch name {
	case "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length", "expect":
		return true
	}
	return strings.HasPrefix(name, "proxy-")
}

// lowered returns names in lower case.
func lowered(names []string) []string {
	names = slices.Clone(names)
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
	return names
}
