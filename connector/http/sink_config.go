package http

import (
	"time"

	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/connector/http/egress"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

// The values of keys that have a closed set of them.
const (
	formatRaw        = "raw"
	formatTemplate   = "template"
	formatBinary     = "cloudevent_binary"
	formatStructured = "cloudevent_structured"

	batchArray  = "json_array"
	batchNDJSON = "ndjson"
	batchEvents = "cloudevents"

	balanceRoundRobin = "round_robin"
	balanceBroadcast  = "broadcast"
	balanceFailover   = "failover"

	http2Auto   = "auto"
	http2Never  = "never"
	http2Always = "always"

	clientAuto     = "auto"
	clientStandard = "standard"

	proxyNone            = "none"
	proxyFromEnvironment = "env"
)

// SinkConfig configures the sink. Use field.Defaults[SinkConfig] to start from the documented defaults.
type SinkConfig struct {
	URL     expression.Template   `config:"url" doc:"Where the records go. A value from the record is escaped for the place where it stands; a template that is one expression alone is taken whole as the URL." example:"https://crm.example/hook?tenant={{ record.headers.tenant }}"`
	URLs    []expression.Template `config:"urls" doc:"Several URLs instead of one; the host of each must be fixed." example:"[https://a.example/in, https://b.example/in]"`
	Balance string                `config:"balance" default:"round_robin" enum:"round_robin,broadcast,failover" doc:"How records go to several URLs: to one after the other; to all of them, delivered when all have taken it; or to the first that works."`
	RestFor time.Duration         `config:"rest_for" default:"10s" min:"0s" doc:"With several URLs: one that failed is left out for so long while another works, so that a retry goes to the next."`

	Method  expression.Template            `config:"method" default:"POST" doc:"The method of the request." example:"PUT"`
	Headers map[string]expression.Template `config:"headers" doc:"Headers of the request. One whose value is empty is left out." example:"{X-Tenant: '{{ record.headers.tenant }}'}"`
	Format  string                         `config:"format" default:"raw" enum:"raw,template,cloudevent_binary,cloudevent_structured" doc:"The body: the record's data as it is with its content type, the template in body, or a CloudEvent."`
	Body    expression.Template            `config:"body" doc:"The body as a template; implies format: template. Its content type is application/json when it looks like it, else text/plain, unless headers say otherwise." example:"{\"id\": {{ record.data.id }}}"`

	IdempotencyHeader string            `config:"idempotency_header" default:"Idempotency-Key" doc:"The header that carries the record's id, the same in every attempt; of a batch, a digest of the ids. Empty: none."`
	Auth              *credential.Auth  `config:"auth" doc:"What proves who sends a request. It is made for each attempt, from the request as it goes out, and goes to no other host than the URL's."`
	OutcomeCache      *SinkOutcomeCache `config:"outcome_cache" doc:"Remembers what was delivered: a record with the same id is answered without a second request."`

	SuccessWhen     expression.ResponseCondition `config:"success_when" doc:"What counts as delivered; default: any 2xx. A 2xx of which this is false fails with class business." example:"response.status < 300 && response.json.code == 0"`
	MaxResponse     field.Bytes                  `config:"max_response" default:"64KiB" min:"0" max:"64MiB" doc:"How much of a response's body is read and kept."`
	ResponseHeaders []string                     `config:"response_headers" doc:"Headers of the response that are kept, beside content-type and retry-after." example:"[x-request-id]"`
	FollowRedirects int                          `config:"follow_redirects" default:"0" min:"0" max:"20" doc:"How many redirects one attempt follows. 0: a redirect is an answer like any other, and is rejected."`

	BatchFormat  string                   `config:"batch_format" enum:"json_array,ndjson,cloudevents" doc:"Sends several records in one request, in this form. Without it, one record a request."`
	BatchResults expression.ResponseValue `config:"batch_results" doc:"A list with one verdict per record of a batch: true or false, a status, or an object with delivered, status, class and detail. Without it, a batch that is refused is divided until the records at fault stand alone." example:"map(response.json.items, {{status: #.status, detail: #.error}})"`

	ConnectTimeout time.Duration `config:"connect_timeout" default:"2s" min:"0s" doc:"For finding the address and connecting. 0s: only the attempt's own timeout."`
	TLSTimeout     time.Duration `config:"tls_timeout" default:"5s" min:"0s" doc:"For the TLS handshake. 0s: only the attempt's own timeout."`
	HeaderTimeout  time.Duration `config:"header_timeout" default:"0s" min:"0s" doc:"From the request sent to the response's headers. 0s: only the attempt's own timeout."`
	MaxConnections int           `config:"max_connections" default:"256" min:"1" doc:"Connections to one host and port, those in use and those kept. Attempts beyond them wait for a free one."`
	MaxIdle        int           `config:"max_idle" default:"1024" min:"0" doc:"Connections kept without use, over all hosts, but never less than max_connections."`
	IdleTimeout    time.Duration `config:"idle_timeout" default:"90s" min:"0s" doc:"A connection without use is closed after this time. 0s: never."`
	HTTP2          string        `config:"http2" default:"auto" enum:"auto,never,always" doc:"auto: where TLS negotiates it; always: also without TLS, by prior knowledge."`
	Client         string        `config:"client" default:"auto" enum:"auto,standard" doc:"auto: what goes by HTTP/1.1, without TLS and without a proxy, takes a way that costs half as much; standard: everything goes by Go's package net/http."`
	Proxy          field.Secret  `config:"proxy" default:"none" doc:"The URL of a proxy (http, https or socks5); env: as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say; none: the environment changes nothing." example:"http://proxy:3128"`
	TLS            SinkTLS       `config:"tls" doc:"How the peer's certificate is checked, and our own."`

	Egress *egress.Config `config:"egress" doc:"Which addresses may be connected to. Where the host comes from a record, and for redirects to another host, only public ones may without this; a host that the configuration names is judged where this is set."`
}

// SinkOutcomeCache bounds what is remembered of delivered records.
type SinkOutcomeCache struct {
	TTL     time.Duration `config:"ttl" default:"10m" min:"1ms" doc:"For how long a record is remembered."`
	Entries int           `config:"entries" default:"10000" min:"1" doc:"How many are remembered, at most; the one used longest ago is forgotten first."`
	Bytes   field.Bytes   `config:"bytes" default:"16MiB" min:"1KiB" doc:"How much memory they take, at most, roughly."`
}

// SinkTLS is about certificates. Certificates and keys are names of files in PEM form, or the PEM text. A client certificate
// that is in files follows them: connections that are made after a change have the new one.
type SinkTLS struct {
	CA                 string       `config:"ca" doc:"The authorities that sign the peer's certificate; default: those of the system."`
	Cert               string       `config:"cert" doc:"The client certificate, with its chain."`
	Key                field.Secret `config:"key" doc:"The key of the client certificate."`
	ServerName         string       `config:"server_name" doc:"The name in the peer's certificate, where it is not that of the URL."`
	InsecureSkipVerify bool         `config:"insecure_skip_verify" default:"false" doc:"Accepts any certificate: whoever stands between can read and change everything."`
	MinVersion         string       `config:"min_version" default:"1.2" enum:"1.2,1.3" doc:"The lowest version of TLS."`
}
