package http

import (
	"bufio"
	"errors"
	"io"
	"math"
	"net"
	nethttp "net/http"
	"syscall"
	"time"
)

// line is a connection that serves one exchange at a time.
type line struct {
	conn   net.Conn // a *trackedConn
	host   *host
	reader *bufio.Reader // while the line is in use
	room   int64         // how much may still be read
	values [2]string     // of headers that were kept last, for the next answer mostly has the same
	abort  func()        // ends whatever goes on
	ended  endProbe

	since      time.Time // when it was last used; while it is idle
	prev, next *line     // in lines.idle
}

func newLine(conn net.Conn, h *host) *line {
	l := &line{conn: conn, host: h}
	l.abort = func() { _ = l.conn.Close() }
	if tracked, ok := conn.(*trackedConn); ok {
		conn = tracked.Conn
	}
	if raw, ok := conn.(syscall.Conn); ok {
		l.ended.raw, _ = raw.SyscallConn()
	}
	return l
}

var errHeaderTooLarge = errors.New("the headers of the answer are too large")

// Read reads from the connection, within bounds.
func (l *line) Read(into []byte) (int, error) {
	if l.room <= 0 {
		return 0, errHeaderTooLarge
	}
	if int64(len(into)) > l.room {
		into = into[:l.room]
	}
	n, err := l.conn.Read(into)
	l.room -= int64(n)
	return n, err
}

// readHead reads an answer up to its body, and passes over those that only announce one. All their headers together are
// bounded.
func (l *line) readHead(method string) (*nethttp.Response, error) {
	var asked *nethttp.Request
	if method == nethttp.MethodHead { // the only method that matters for how an answer is read
		asked = &nethttp.Request{Method: method}
	}
	for {
		response, err := nethttp.ReadResponse(l.reader, asked)
		if err != nil {
			return nil, err
		}
		if response.StatusCode >= nethttp.StatusOK || response.StatusCode < nethttp.StatusContinue ||
			response.StatusCode == nethttp.StatusSwitchingProtocols {
			l.room = math.MaxInt64
			return response, nil
		}
	}
}

// reusable reports whether another request may be sent: nothing came that nobody asked for, and the peer has not gone.
func (l *line) reusable() bool { return l.reader.Buffered() == 0 && !hasEnded(l.conn) }

var _ io.Reader = (*line)(nil)
