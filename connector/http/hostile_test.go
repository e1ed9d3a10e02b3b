package http

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

// hostile is what a log or a terminal would take for something else: lines, colours, a title, text that runs the other way, no
// UTF-8 at all; and more than anybody would read.
var hostile = "a\r\nlevel=ERROR msg=forged\x1b[31m\x1b]0;title\a\u202e\x00\xff" + strings.Repeat("long", 10_000)

func harmless(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func TestWhatIsSaidOfAFailureIsHarmlessWhateverRecordsAndPeersContain(t *testing.T) {
	line := strings.ReplaceAll(strings.ReplaceAll(hostile[:200], "\n", ""), "\r", "")
	for name, c := range map[string]struct {
		answer string
		change func(*SinkConfig)
		key    string
	}{
		"header":        {change: headers("X-A", "{{ record.key }}"), key: hostile},
		"url":           {change: func(c *SinkConfig) { c.URL = template("{{ record.key }}") }, key: hostile},
		"host":          {change: func(c *SinkConfig) { c.URL = template("http://{{ record.key }}/") }, key: hostile},
		"method":        {change: func(c *SinkConfig) { c.Method = template("{{ record.key }}") }, key: hostile},
		"status line":   {answer: line + "\r\n\r\n"},
		"status":        {answer: "HTTP/1.1 " + line + "\r\n\r\n"},
		"header line":   {answer: "HTTP/1.1 200 OK\r\n" + line + "\r\n\r\n"},
		"text of a 400": {answer: "HTTP/1.1 400 Bad\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" + hostile},
		"reason":        {answer: "HTTP/1.1 400 " + line + "\r\nContent-Length: 0\r\n\r\n"},
		"chunk":         {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + line + "\r\n", change: successWhen("response.json.a == 1")},
		"no json":       {answer: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + hostile, change: successWhen("response.json.a == 1")},
	} {
		t.Run(name, func(t *testing.T) {
			address := rawPeer(t, func(_ int, conn net.Conn) {
				if readRequest(conn) {
					_, _ = io.WriteString(conn, c.answer)
				}
			})
			if c.change == nil {
				c.change = func(*SinkConfig) {}
			}
			outlet := outletOf(t, sinkConfig("http://"+address, c.change))
			result := write(t, openAt(t, outlet, "http://"+address), &connector.Record{ID: "1", Key: c.key})
			failure, ok := result.Err.(*connector.AttemptError)
			if !ok {
				t.Fatalf("result is %v", result.Err)
			}
			if !harmless(failure.Detail) || len(failure.Detail) > maxDetail || failure.Detail == "" {
				t.Errorf("%d bytes: %q", len(failure.Detail), failure.Detail)
			}
		})
	}
}

// notes is a log that is read while it is written.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func TestLogOfTheSourceHoldsNothingThatClientsSend(t *testing.T) {
	files, _ := certificate(t)
	for _, secure := range []*SourceTLS{nil, files} {
		log := &notes{}
		config := field.Defaults[SourceConfig]()
		config.Address, config.Server, config.TLS = "127.0.0.1:0", serverOfRun, secure
		made, err := newSource(config, connector.Env{Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		if err != nil {
			t.Fatal(err)
		}
		s := made.(*source)
		if err := s.Open(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, source: s}
		for _, bytes := range []string{
			hostile, post + hostile + "\r\n\r\n", "POST /" + hostile + " HTTP/1.1\r\nHost: h\r\n\r\n", post + "X: " + hostile + "\r\n\r\n",
			post + "Webhook-Id: " + hostile[2:60] + "\r\n\r\n", "\x16\x03\x01\x00\xff" + hostile,
		} {
			conn := r.dial()
			_, _ = io.WriteString(conn, bytes)
			_ = conn.CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(log.text.String()) {
			if !harmless(strings.TrimSuffix(line, "\n")) || len(line) > 1000 || strings.HasPrefix(line, "level=ERROR") {
				t.Errorf("%.300q", line)
			}
		}
	}
}

func TestHostHeaderIsNeverThatOfARecord(t *testing.T) {
	peer := newPeer(t, nil)
	all := []string{"host", "evil.example", "x-forwarded-host", "evil.example", "connection", "x-a", "transfer-encoding", "chunked", "content-length", "1"}
	for _, format := range []string{formatRaw, formatBinary, formatStructured} {
		wantDelivered(t, write(t, openSink(t, peer.URL, func(c *SinkConfig) { c.Format = format }), record("1", "{}", all...)))
	}
	for _, got := range peer.requests() {
		if got.host != strings.TrimPrefix(peer.URL, "http://") || got.header.Get("Connection") != "" || got.header.Get("X-Forwarded-Host") != "" {
			t.Errorf("host %q, headers %v", got.host, got.header)
		}
	}
	named := record("1", "{}", "ce-specversion", "1.0", "ce-type", "t", "ce-source", "/s", "ce-host\r\nhost", "evil.example")
	wantFailure(t, write(t, openSink(t, peer.URL, func(c *SinkConfig) { c.Format = formatBinary }), named), connector.Invalid, false)
}
