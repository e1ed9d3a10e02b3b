package http

import (
	"net"
	nethttp "net/http"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/egress"
)

// wantDenied checks that an attempt was denied before anything was sent.
func wantDenied(t *testing.T, result connector.Result) {
	t.Helper()
	if failure := wantFailure(t, result, connector.Denied, false); failure.Class.Retryable() || !strings.Contains(failure.Detail, "denied") {
		t.Errorf("%+v", failure)
	}
}

func TestHostFromARecordMustBePublicHoweverItIsSpelled(t *testing.T) {
	peer := newPeer(t, nil)
	_, port, _ := net.SplitHostPort(peer.Listener.Addr().String())
	outlet := outletOf(t, sinkConfig("{{ record.key }}"))
	for _, host := range []string{"127.0.0.1", "localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1"} {
		for _, scheme := range []string{"http://", "https://"} {
			url := scheme + host + ":" + port + "/"
			result := write(t, openAt(t, outlet, url), &connector.Record{ID: "1", Key: url})
			if failure, ok := result.Err.(*connector.AttemptError); ok && failure.Class == connector.DNS && host == "127.1" {
				continue // no address to this resolver
			}
			wantDenied(t, result)
		}
	}
	if n := peer.connections(); n != 0 {
		t.Errorf("the peer saw %d connections", n)
	}
}

func TestEgressAllowsWhatItNames(t *testing.T) {
	peer := newPeer(t, nil)
	outlet := outletOf(t, sinkConfig("{{ record.key }}", nearby))
	wantDelivered(t, write(t, openAt(t, outlet, peer.URL), &connector.Record{ID: "1", Key: peer.URL}))
}

func TestHostOfTheConfigurationIsGuardedOnlyWhereEgressIsConfigured(t *testing.T) {
	peer := newPeer(t, nil)
	wantDelivered(t, write(t, openSink(t, peer.URL+"/{{ record.key }}"), record("1", "{}")))
	wantDenied(t, write(t, openSink(t, peer.URL, func(c *SinkConfig) { c.Egress = &egress.Config{} }), record("1", "{}")))
}

func TestRedirectToAnotherHostIsGuarded(t *testing.T) {
	inner := newPeer(t, nil)
	peer := newPeer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path != "/done" {
			w.Header().Set("Location", r.URL.Query().Get("to"))
			w.WriteHeader(nethttp.StatusTemporaryRedirect)
		}
	})
	follow := func(c *SinkConfig) { c.FollowRedirects = 5 }
	wantDelivered(t, write(t, openSink(t, peer.URL+"/?to=/done", follow), record("1", "{}")))
	wantDenied(t, write(t, openSink(t, peer.URL+"/?to="+inner.URL, follow), record("1", "{}")))
	wantDenied(t, write(t, openSink(t, peer.URL+"/?to=http://localhost:1/", follow), record("1", "{}")))
	if n := inner.connections(); n != 0 {
		t.Errorf("the other saw %d connections", n)
	}
}

func TestProxyDoesNotLeadAroundTheGuard(t *testing.T) {
	proxy := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Location", "http://10.0.0.1/")
		w.WriteHeader(nethttp.StatusTemporaryRedirect)
	})
	redirected := func(c *SinkConfig) { c.FollowRedirects = 1 }
	wantDenied(t, write(t, openSink(t, "http://far.example/", through(proxy.URL), redirected), record("1", "{}")))
	if got := proxy.requests(); len(got) != 1 {
		t.Errorf("the proxy saw %+v", got)
	}
}

func TestProxyThatJudgesIsLeftToIt(t *testing.T) {
	proxy := newPeer(t, nil)
	outlet := outletOf(t, sinkConfig("{{ record.key }}", through(proxy.URL), func(c *SinkConfig) { c.Egress = &egress.Config{LeftToProxy: true} }))
	wantDelivered(t, write(t, openAt(t, outlet, "http://10.0.0.1/"), &connector.Record{ID: "1", Key: "http://10.0.0.1/"}))
	if got := proxy.requests(); len(got) != 1 || got[0].url != "http://10.0.0.1/" {
		t.Errorf("the proxy saw %+v", got)
	}
}

func TestSeeOtherToADeniedAddressIsAmbiguous(t *testing.T) {
	peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Location", "http://10.0.0.1/")
		w.WriteHeader(nethttp.StatusSeeOther)
	})
	s := openSink(t, peer.URL, func(c *SinkConfig) { c.FollowRedirects = 1 })
	wantFailure(t, write(t, s, record("1", "{}")), connector.Denied, true) // the peer has taken the record
}
