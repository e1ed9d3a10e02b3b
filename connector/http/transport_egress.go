package http

import (
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http/httpproxy"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/egress"
)

// border says which connections are guarded: those to addresses that a record or a peer has chosen and, where egress is
// configured, those to the URLs of the configuration as well. It is never changed.
type border struct {
	guard   *egress.Guard
	trusted map[string]bool // host:port in lower case, to which connections are not guarded
	// confined keeps redirects at trusted addresses: all goes through a proxy, which connects by itself.
	confined bool
}

// newBorder checks the key egress, and that no proxy leads around it.
func newBorder(p *plan) (border, error) {
	config := p.config.Egress
	if config == nil {
		config = &egress.Config{}
	}
	guard, err := config.Guard()
	if err != nil {
		return border{}, within("egress", err)
	}
	b := border{guard: guard, trusted: make(map[string]bool)}
	varies := false
	for _, t := range p.targets {
		varies = varies || t.origin == ""
		if p.config.Egress == nil && t.origin != "" {
			b.trust(t.origin)
		}
	}
	proxies := proxiesOf(p.config.Proxy.Reveal())
	switch {
	case proxies == nil:
		return b, nil
	case config.LeftToProxy:
	case p.config.Egress != nil:
		return b, wrong("proxy", "stands beside egress: the proxy connects by itself, and nothing would judge where", "leave one of them out, or set egress.left_to_proxy: true where the proxy judges")
	case varies:
		return b, wrong("proxy", "stands beside a host that comes from the record: the proxy connects by itself, and nothing would judge where", "fix the host, leave proxy out, or set egress: {left_to_proxy: true} where the proxy judges")
	default:
		b.confined = true
	}
	for _, proxy := range proxies {
		b.trust(proxy)
	}
	return b, nil
}

// proxiesOf returns the URLs of the proxies that may be used; nil: there is no proxy. With env there may be one and none
// known, which is not nil.
func proxiesOf(setting string) []string {
	switch setting {
	case "", proxyNone:
		return nil
	case proxyFromEnvironment:
		known := httpproxy.FromEnvironment()
		return []string{known.HTTPProxy, known.HTTPSProxy}
	}
	return []string{setting}
}

// trust takes the address of a URL, or of a proxy, which may lack its scheme, from those that are guarded.
func (b *border) trust(text string) {
	if text != "" && !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return
	}
	if strings.HasPrefix(u.Scheme, "socks5") && u.Port() == "" {
		u.Host += ":1080"
	}
	b.trusted[hostPort(u)] = true
}

// hostPort is the address of u as it is dialed, in lower case.
func hostPort(u *url.URL) string {
	_, address, _ := strings.Cut(originOf(u), "://")
	if ascii, err := httpguts.PunycodeHostPort(address); err == nil {
		address = ascii
	}
	return strings.ToLower(address)
}

// trusts says whether connections to that address are not guarded.
func (b *border) trusts(address string) bool { return b.trusted[strings.ToLower(address)] }

// check judges where a redirect leads, as far as the dial does not: behind a proxy.
func (b *border) check(u *url.URL) error {
	if !b.confined || b.trusts(hostPort(u)) {
		return nil
	}
	err := &egress.DeniedError{Reason: "a redirect to another host, where a proxy connects and does not judge"}
	return &connector.AttemptError{Class: connector.Denied, Err: err, Detail: err.Error()}
}
