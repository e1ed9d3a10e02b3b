package http

import (
	"fmt"
	"io"
	"math"
	"net"
	nethttp "net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

func TestRetryAfterIsReadAsSecondsOrDate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, " 7 ": 7 * time.Second,
		"Sun, 01 Mar 2026 12:01:30 GMT":  90 * time.Second,
		"Sunday, 01-Mar-26 12:00:01 GMT": time.Second,
		"Sun Mar  1 12:00:02 2026":       2 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
		"99999999999999999999999":        math.MaxInt64,
		"9223372036854775807":            math.MaxInt64,
	} {
		if got, ok := ParseRetryAfter(value, now); !ok || got != want {
			t.Errorf("%q: %v, %t, want %v", value, got, ok, want)
		}
	}
	for _, value := range []string{"", "soon", "-1", "1.5", "1h", "Sun, 41 Mar 2026 12:00:00 GMT"} {
		if got, ok := ParseRetryAfter(value, now); ok || got != 0 {
			t.Errorf("%q: %v, %t, want none", value, got, ok)
		}
	}
}

// classOfStatus is the table of the documentation, in words of its own.
func classOfStatus(status int) (class connector.Class, ambiguous bool) {
	switch status {
	case 408, 425, 501, 503, 505:
		return connector.Unavailable, false
	case 429:
		return connector.Throttled, false
	}
	switch status / 100 {
	case 2:
		return 0, false
	case 3, 4:
		return connector.Rejected, false
	case 5:
		return connector.Unavailable, true
	}
	return connector.Parse, true
}

func TestEveryStatusHasItsClass(t *testing.T) {
	peer := newPeer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		status, _ := strconv.Atoi(r.Header.Get("X-Status"))
		w.WriteHeader(status)
	})
	s := openSink(t, peer.URL, func(c *SinkConfig) {
		c.Headers = map[string]expression.Template{"X-Status": template("{{ record.id }}")}
	})
	statuses := []int{600, 999}
	for status := 200; status < 600; status++ {
		statuses = append(statuses, status)
	}
	for _, status := range statuses {
		result := write(t, s, record(strconv.Itoa(status), "{}"))
		class, ambiguous := classOfStatus(status)
		if class == 0 {
			wantDelivered(t, result)
		} else if failure := wantFailure(t, result, class, ambiguous); failure.Status != status {
			t.Errorf("status %d is reported as %d", status, failure.Status)
		}
		if result.Response == nil || result.Response.Status != status {
			t.Errorf("status %d: response %+v", status, result.Response)
		}
	}
	if got := len(peer.requests()); got != len(statuses) {
		t.Errorf("the peer saw %d requests, want %d", got, len(statuses))
	}
}

// answerRaw answers every request of a connection with text and then closes it.
func answerRaw(t testing.TB, text string) string {
	return rawPeer(t, func(_ int, conn net.Conn) {
		if readRequest(conn) {
			_, _ = io.WriteString(conn, text)
		}
	})
}

func TestAnswerThatIsNotUnderstoodIsParse(t *testing.T) {
	for name, answer := range map[string]string{
		"switching protocols":  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
		"no http":              "SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"words of an error":    "http2: stream error: REFUSED_STREAM\r\n\r\n",
		"bad status":           "HTTP/1.1 abc OK\r\n\r\n",
		"status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
		"bad length":           "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
		"huge header":          "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxResponseHeader+10<<10) + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := openSink(t, "http://"+answerRaw(t, answer))
			wantFailure(t, write(t, s, record("1", "{}")), connector.Parse, true)
		})
	}
}

func TestInformationalAnswersAreSkipped(t *testing.T) {
	s := openSink(t, "http://"+answerRaw(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"+
		"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"))
	response := wantDelivered(t, write(t, s, record("1", "{}")))
	if response.Status != 201 || string(response.Body) != "ok" {
		t.Errorf("response is %+v", response)
	}
}

func TestPeerAsksToBeLeftAlone(t *testing.T) {
	for status, wants := range map[int]bool{429: true, 503: true, 408: true, 400: false, 302: false} {
		peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
		})
		failure := write(t, openSink(t, peer.URL), record("1", "{}")).Err.(*connector.AttemptError)
		if want := 7 * time.Second; (failure.After == want) != wants {
			t.Errorf("status %d: After is %v", status, failure.After)
		}
	}
}

func TestResponseIsKeptWithinBounds(t *testing.T) {
	peer := newPeer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header().Set("X-Request-Id", "r1")
		w.Header().Set("X-Other", "secret")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, strings.Repeat("x", 100))
	})
	limit := func(n int) func(*SinkConfig) {
		return func(c *SinkConfig) {
			c.MaxResponse = 0
			_ = c.MaxResponse.UnmarshalText([]byte(strconv.Itoa(n)))
			c.ResponseHeaders = []string{"X-Request-ID"}
		}
	}
	for n, truncated := range map[int]bool{0: true, 10: true, 99: true, 100: false, 101: false, 70_000: false} {
		s := openSink(t, peer.URL, limit(n))
		for range 3 {
			response := wantDelivered(t, write(t, s, record("1", "{}")))
			if len(response.Body) != min(n, 100) || response.Truncated != truncated || response.Note != "" {
				t.Errorf("limit %d: %d bytes, truncated %t, note %q", n, len(response.Body), response.Truncated, response.Note)
			}
			if got := fmt.Sprint(response.Headers); got != "[{content-type application/json} {x-request-id r1}]" {
				t.Errorf("headers are %s", got)
			}
		}
	}
	if got := peer.connections(); got != 6 {
		t.Errorf("%d connections for 6 sinks: the rest of a short body must be read", got)
	}
}

func TestEndlessBodyCostsNoMemoryAndNoTime(t *testing.T) {
	address := rawPeer(t, func(_ int, conn net.Conn) {
		if !readRequest(conn) {
			return
		}
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for err == nil {
			_, err = io.WriteString(conn, "400\r\n"+strings.Repeat("x", 1024)+"\r\n")
		}
	})
	s := openSink(t, "http://"+address)
	response := wantDelivered(t, write(t, s, record("1", "{}")))
	if len(response.Body) != 64<<10 || !response.Truncated {
		t.Errorf("%d bytes, truncated %t", len(response.Body), response.Truncated)
	}
}

func TestResponseIsNotDecompressed(t *testing.T) {
	peer := newPeer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("compression was asked for: %v", r.Header)
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, "not really gzip")
	})
	response := wantDelivered(t, write(t, openSink(t, peer.URL), record("1", "{}")))
	if string(response.Body) != "not really gzip" {
		t.Errorf("body is %q", response.Body)
	}
}

func TestBodyThatBreaksOffMattersOnlyWhereItIsNeeded(t *testing.T) {
	for name, answer := range map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"code\": 0}",
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{\"code\": 0}\r\n",
		"garbage": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{\"code\": 0}\r\nzzz\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			address := answerRaw(t, answer)
			response := wantDelivered(t, write(t, openSink(t, "http://"+address), record("1", "{}")))
			if response.Note == "" || string(response.Body) != `{"code": 0}` {
				t.Errorf("response is %+v", response)
			}
			wantDelivered(t, write(t, openSink(t, "http://"+address, successWhen("response.status == 200")), record("1", "{}")))
			needs := openSink(t, "http://"+address, successWhen("response.json.code == 0"))
			wantFailure(t, write(t, needs, record("1", "{}")), connector.Parse, true)
		})
	}
}

func successWhen(text string) func(*SinkConfig) {
	return func(c *SinkConfig) { c.SuccessWhen = expression.Must[expression.ResponseCondition](text) }
}

func TestContentDecidesWhereConfigured(t *testing.T) {
	const asDocumented = "response.status < 300 && response.json.code == 0"
	for _, c := range []struct {
		condition string
		status    int
		header    string
		body      string
		class     connector.Class
		ambiguous bool
	}{
		{asDocumented, 200, "", `{"code": 0}`, 0, false},
		{asDocumented, 200, "", `{"code": 7}`, connector.Business, false},
		{asDocumented, 200, "", `<html>`, connector.Parse, true},
		{asDocumented, 200, "", ``, connector.Parse, true},
		{asDocumented, 500, "", `{"code": 0}`, connector.Unavailable, true},
		{asDocumented, 404, "", `<html>`, connector.Rejected, false},
		{"response.json.ok", 502, "", `<html>`, connector.Unavailable, true},
		{"response.status == 404 || response.status == 200", 404, "", "", 0, false},
		{`response.headers["x-result"] == "ok"`, 200, "ok", "", 0, false},
		{`response.headers["x-result"] == "ok"`, 200, "no", "", connector.Business, false},
		{"response.json.id == record.data.id", 200, "", `{"id": 1}`, 0, false},
		{"response.json.id == record.data.id", 200, "", `{"id": 2}`, connector.Business, false},
	} {
		peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
			w.Header().Set("X-Result", c.header)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		result := write(t, openSink(t, peer.URL, successWhen(c.condition)), record("1", `{"id": 1}`))
		if c.class == 0 {
			wantDelivered(t, result)
		} else {
			wantFailure(t, result, c.class, c.ambiguous)
		}
		if result.Response.Headers.Has("x-result") {
			t.Error("a header that only the condition needs is kept")
		}
	}
}

func TestFailureQuotesThePeer(t *testing.T) {
	peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(422)
		_, _ = io.WriteString(w, "{\"error\":\n \"no id\x1b[31m\"}"+strings.Repeat(" x", 1000))
	})
	failure := write(t, openSink(t, peer.URL), record("1", "{}")).Err.(*connector.AttemptError)
	if !strings.HasPrefix(failure.Detail, `422 Unprocessable Entity: {"error":  "no id [31m"}`) || len(failure.Detail) > maxDetail {
		t.Errorf("detail is %q", failure.Detail)
	}
}
