package http

import (
	"fmt"
	nethttp "net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/acktor/acktor/connector"
)

// SourceCORS says which web pages may send (the CORS protocol of the Fetch standard). Credentials of the browser, such as cookies, are never
// allowed.
type SourceCORS struct {
	Origins []string      `config:"origins,required" doc:"The origins of the pages: scheme, host and port; * for any." example:"[https://shop.example]"`
	Headers []string      `config:"headers" default:"[content-type]" doc:"The headers that their scripts may set." example:"[content-type, idempotency-key]"`
	MaxAge  time.Duration `config:"max_age" default:"10m" min:"0s" doc:"For how long a browser need not ask again."`
}

// SourceWebhooks says who may send, when asked.
type SourceWebhooks struct {
	Origins []string `config:"origins,required" doc:"The senders that are allowed, by the names that they give themselves in WebHook-Request-Origin; * for any. It is an answer to those who ask, and keeps nobody out: for that there is verify." example:"[eventemitter.example]"`
	Rate    int      `config:"rate" default:"0" min:"0" doc:"How many requests a minute they are told to make at most. 0: any number."`
}

const anyOrigin = "*"

func (c *SourceConfig) validateOrigins() error {
	if c.Webhooks != nil && (len(c.Webhooks.Origins) == 0 || slices.ContainsFunc(c.Webhooks.Origins, notAValue)) {
		return &connector.ConfigError{Key: "webhooks.origins", Text: "names nobody, or somebody whose name cannot stand in a header", Cure: `write for example [eventemitter.example], or ["*"]`}
	}
	if c.CORS == nil {
		return nil
	}
	if len(c.CORS.Origins) == 0 {
		return &connector.ConfigError{Key: "cors.origins", Text: "is empty: no page could send", Cure: "write for example [https://shop.example]"}
	}
	for _, origin := range c.CORS.Origins {
		if u, err := url.Parse(origin); origin != anyOrigin && (err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin) {
			return &connector.ConfigError{Key: "cors.origins", Text: fmt.Sprintf("%q is not an origin", origin), Cure: "write for example https://shop.example, without a path"}
		}
	}
	for _, name := range c.CORS.Headers {
		if !httpguts.ValidHeaderFieldName(name) {
			return notAHeader("cors.headers", name)
		}
	}
	return nil
}

func notAValue(text string) bool { return text == "" || !httpguts.ValidHeaderFieldValue(text) }

// answerQuestion answers a request that asks what may be sent; false: in is none.
func (s *source) answerQuestion(in *incoming, out []byte) (reply, bool) {
	config := &s.config
	switch {
	case config.Webhooks != nil && in.headers.Has("webhook-request-origin"):
		return s.shakeHands(in, out), true
	case config.CORS != nil && in.headers.Has("origin") && in.headers.Has("access-control-request-method"):
		r := reply{code: nethttp.StatusNoContent}
		if config.CORS.allows(in) != "" {
			r.add("Access-Control-Allow-Methods", strings.Join(config.Methods, ", "))
			if len(config.CORS.Headers) > 0 {
				r.add("Access-Control-Allow-Headers", strings.Join(config.CORS.Headers, ", "))
			}
			r.add("Access-Control-Max-Age", strconv.Itoa(int(config.CORS.MaxAge/time.Second)))
		}
		return r, true
	}
	return reply{}, false
}

// allows returns the origin of a request when it may send, as the answer is to say it; else it is empty.
func (c *SourceCORS) allows(in *incoming) string {
	origin := in.headers.Get("origin")
	switch {
	case origin == "":
		return ""
	case slices.Contains(c.Origins, anyOrigin):
		return anyOrigin
	case slices.Contains(c.Origins, origin):
		return origin
	}
	return ""
}

// permit lets the page that has sent a request read the reply.
func (c *SourceCORS) permit(in *incoming, r *reply) {
	allowed := c.allows(in)
	if allowed != anyOrigin {
		r.add("Vary", "Origin") // also without one: caches must tell the answers apart
	}
	if allowed != "" {
		r.set("Access-Control-Allow-Origin", allowed)
		r.set("Access-Control-Expose-Headers", "Location, Retry-After")
	}
}

// shakeHands answers a sender that asks whether it may send. A WebHook-Request-Callback is not called: whoever asks could make the
// source call anything.
func (s *source) shakeHands(in *incoming, out []byte) reply {
	config := s.config.Webhooks
	origin := in.headers.Get("webhook-request-origin")
	every := slices.Contains(config.Origins, anyOrigin)
	if !every && !slices.ContainsFunc(config.Origins, func(allowed string) bool { return strings.EqualFold(allowed, origin) }) {
		return s.refuse(out, &problem{code: nethttp.StatusForbidden, kind: "forbidden", title: "this sender may not send"})
	}
	r := reply{code: nethttp.StatusOK}
	r.add("Allow", strings.Join(s.config.Methods, ", "))
	if every {
		origin = anyOrigin
	}
	r.add("Webhook-Allowed-Origin", origin)
	r.add("Webhook-Allowed-Rate", config.allowedRate(in.headers.Get("webhook-request-rate")))
	return r
}

// allowedRate is what is granted to a sender that asks for so many requests a minute, or for none in particular.
func (c *SourceWebhooks) allowedRate(wanted string) string {
	if c.Rate == 0 {
		return anyOrigin
	}
	if n, err := strconv.Atoi(wanted); err == nil && n > 0 {
		return strconv.Itoa(min(n, c.Rate))
	}
	return strconv.Itoa(c.Rate)
}
