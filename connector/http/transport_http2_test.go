package http

import (
	"io"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"

	"github.com/acktor/acktor/connector"
)

// http2Peer speaks HTTP/2 without TLS, answers each request by answer, and counts them.
func http2Peer(t *testing.T, answer func(framer *http2.Framer, stream uint32)) (url string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	address := rawPeer(t, func(_ int, conn net.Conn) {
		if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		framer := http2.NewFramer(conn, conn)
		_ = framer.WriteSettings()
		for {
			frame, err := framer.ReadFrame()
			if err != nil {
				return
			}
			switch f := frame.(type) {
			case *http2.SettingsFrame:
				if !f.IsAck() {
					_ = framer.WriteSettingsAck()
				}
			case *http2.HeadersFrame:
				asked.Add(1)
				answer(framer, f.StreamID)
			}
		}
	})
	return "http://" + address, asked
}

func TestHTTP2PeerThatDidNotTakeTheRequestIsAskedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		answer    func(framer *http2.Framer, stream uint32)
		ambiguous bool
	}{
		"refused stream": {func(f *http2.Framer, stream uint32) { _ = f.WriteRSTStream(stream, http2.ErrCodeRefusedStream) }, false},
		"protocol error": {func(f *http2.Framer, stream uint32) { _ = f.WriteRSTStream(stream, http2.ErrCodeProtocol) }, true},
		"going away":     {func(f *http2.Framer, stream uint32) { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			url, asked := http2Peer(t, c.answer)
			for _, method := range []string{"POST", "GET"} {
				asked.Store(0)
				s := openSink(t, url, func(c *SinkConfig) { c.HTTP2, c.Method = http2Always, template(method) })
				wantFailure(t, write(t, s, record("1", "{}")), connector.Reset, c.ambiguous)
				if got := asked.Load(); got != 1 {
					t.Errorf("the peer was asked %d times", got)
				}
			}
		})
	}
}
