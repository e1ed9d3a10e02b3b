package http

import (
	"net"
	nethttp "net/http"
	"strconv"
	"time"
)

// writtenApart is from where on a body is not copied behind the head of its answer.
const writtenApart = 16 << 10

// keptRoom is how much memory for answers a connection keeps.
const keptRoom = 2 << 10

// replyWriter writes the answers of one connection. It keeps its memory for the next one.
type replyWriter struct {
	out    []byte
	date   []byte
	second int64 // that date is of
}

// write sends a reply in one piece, unless it is long. It has so much time for that.
func (w *replyWriter) write(conn net.Conn, r *reply, timeout time.Duration) error {
	now := time.Now()
	_ = conn.SetWriteDeadline(now.Add(timeout))
	w.out = w.appendHead(w.out[:0], r, now)
	body := r.body
	if !hasBody(r.code) {
		body = nil
	}
	if len(body) < writtenApart {
		w.out = append(w.out, body...)
		body = nil
	}
	_, err := conn.Write(w.out)
	if err == nil && body != nil {
		_, err = conn.Write(body)
	}
	if cap(w.out) > keptRoom {
		w.out = nil
	}
	return err
}

func (w *replyWriter) appendHead(out []byte, r *reply, now time.Time) []byte {
	out = appendStatus(out, r.code)
	dated := false
	if r.contentType != "" {
		out = appendLine(out, "Content-Type", r.contentType)
	}
	for _, line := range r.header {
		if line.name == "Content-Type" && r.code == nethttp.StatusNotModified {
			continue // as net/http does
		}
		dated = dated || line.name == "Date"
		out = appendLine(out, line.name, line.value)
	}
	if hasBody(r.code) {
		out = append(out, "Content-Length: "...)
		out = append(strconv.AppendInt(out, int64(len(r.body)), 10), "\r\n"...)
	}
	if !dated {
		out = append(append(append(out, "Date: "...), w.dateAt(now)...), "\r\n"...)
	}
	if r.last {
		out = append(out, "Connection: close\r\n"...)
	}
	return append(out, "\r\n"...)
}

// dateAt returns now as HTTP writes it, which is the same for a second.
func (w *replyWriter) dateAt(now time.Time) []byte {
	if second := now.Unix(); second != w.second || w.date == nil {
		w.date, w.second = now.UTC().AppendFormat(w.date[:0], nethttp.TimeFormat), second
	}
	return w.date
}

// hasBody says whether an answer with that status has a body at all (RFC 9112, section 6.3).
func hasBody(code int) bool {
	return code != nethttp.StatusNoContent && code != nethttp.StatusNotModified
}

func appendStatus(out []byte, code int) []byte {
	if code == nethttp.StatusOK {
		return append(out, "HTTP/1.1 200 OK\r\n"...)
	}
	out = strconv.AppendInt(append(out, "HTTP/1.1 "...), int64(code), 10)
	text := nethttp.StatusText(code)
	if text == "" {
		text = "status code " + strconv.Itoa(code)
	}
	return append(append(append(out, ' '), text...), "\r\n"...)
}

// appendLine appends one line of a header. Control characters become blanks, so that no value is more than a line.
func appendLine(out []byte, name, value string) []byte {
	out = append(append(out, name...), ": "...)
	for i := range len(value) {
		c := value[i]
		if c < ' ' && c != '\t' || c == 0x7f {
			c = ' '
		}
		out = append(out, c)
	}
	return append(out, "\r\n"...)
}
