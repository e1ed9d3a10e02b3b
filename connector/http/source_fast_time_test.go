package http

import (
	"bufio"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector"
)

// inBubble runs a test with a connection that is served without a network, so that time can be virtual. Whatever comes is
// delivered.
func inBubble(t *testing.T, change func(*SourceConfig), test func(t *testing.T, client net.Conn, c *fastConn)) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newBubble(t, change)
		server := newFastServer(h, nil)
		client, end := net.Pipe()
		done := make(chan struct{})
		go func() {
			for {
				for _, record := range s.waiting.take(ample) {
					_ = s.Settle(t.Context(), []connector.Settled{{Record: record, Outcome: delivered(record)}})
				}
				select {
				case <-s.waiting.arrived:
				case <-done:
					return
				}
			}
		}()
		server.start(end)
		test(t, client, server.only())
		_ = client.Close()
		server.running.Wait()
		close(done)
	})
}

// only returns the one connection there is.
func (s *fastServer) only() *fastConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		return c
	}
	return nil
}

// ends reads until the connection ends, and returns what came and how long it took.
func ends(client net.Conn) (string, time.Duration) {
	start := time.Now()
	text, _ := io.ReadAll(client)
	return string(text), time.Since(start)
}

func talk(t *testing.T, client net.Conn, bytes string) {
	t.Helper()
	if _, err := io.WriteString(client, bytes); err != nil {
		t.Error(err)
	}
}

// firstAnswer reads one answer, and returns its status.
func firstAnswer(t *testing.T, client net.Conn) int {
	t.Helper()
	response, err := nethttp.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

func TestConnectionThatSaysNothingIsClosed(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, client net.Conn, _ *fastConn) {
		if text, took := ends(client); text != "" || took != 5*time.Second {
			t.Errorf("%q after %s", text, took)
		}
	})
}

func TestIdleConnectionIsClosedAndHoldsNoRecord(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, client net.Conn, c *fastConn) {
		talk(t, client, post+"Content-Length: 2\r\n\r\n{}")
		if status := firstAnswer(t, client); status != 200 {
			t.Errorf("status %d", status)
		}
		synctest.Wait()
		if c.in.data != nil || c.in.headers != nil || c.in.one[0].data != nil {
			t.Error("the last record is still there")
		}
		if text, took := ends(client); text != "" || took != time.Minute {
			t.Errorf("%q after %s", text, took)
		}
	})
}

func TestHeadMustComeInTime(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, client net.Conn, _ *fastConn) {
		time.Sleep(4 * time.Second)
		talk(t, client, "POST / HT")
		time.Sleep(4 * time.Second)
		talk(t, client, "TP/1.1\r\nHost: h\r\n")
		if text, took := ends(client); text != "" || took != time.Second {
			t.Errorf("%q after %s", text, took)
		}
	})
}

func TestHeadMayComeByteByByte(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, client net.Conn, _ *fastConn) {
		for _, c := range []byte(post + "Content-Length: 3\r\n\r\nabc") {
			talk(t, client, string(c))
			time.Sleep(50 * time.Millisecond)
		}
		if status := firstAnswer(t, client); status != 200 {
			t.Errorf("status %d", status)
		}
	})
}

func TestBodyMustComeInTime(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, client net.Conn, _ *fastConn) {
		talk(t, client, post+"Content-Length: 3\r\n\r\na")
		start := time.Now()
		if status := firstAnswer(t, client); status != 408 || time.Since(start) != 30*time.Second {
			t.Errorf("status %d after %s", status, time.Since(start))
		}
		if _, took := ends(client); took != linger {
			t.Errorf("closed after %s", took)
		}
	})
}

func TestAnswerThatNobodyTakesEndsTheConnection(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, client net.Conn, c *fastConn) {
		start := time.Now()
		talk(t, client, post+"Content-Length: 2\r\n\r\n{}")
		c.server.running.Wait()
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("after %s", took)
		}
	})
}

func TestBodyThatNobodyWantsIsReadToTheEnd(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, client net.Conn, _ *fastConn) {
		talk(t, client, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
		if status := firstAnswer(t, client); status != 404 {
			t.Errorf("status %d", status)
		}
		talk(t, client, "POST "+post+"Content-Length: 0\r\n\r\n") // five bytes of it are the body
		if status := firstAnswer(t, client); status != 200 {
			t.Errorf("status %d", status)
		}
	})
	inBubble(t, nil, func(t *testing.T, client net.Conn, _ *fastConn) {
		talk(t, client, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 262145\r\n\r\n")
		if status := firstAnswer(t, client); status != 404 {
			t.Errorf("status %d", status)
		}
		talk(t, client, strings.Repeat("x", 100000))
		if text, took := ends(client); text != "" || took != linger {
			t.Errorf("%q after %s", text, took)
		}
	})
}

func TestTimeForTheHeadGoesOnWithNetHTTP(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, client net.Conn, c *fastConn) {
		given := make(chan net.Conn)
		go func() {
			conn, _ := c.server.others.Accept()
			given <- conn
		}()
		time.Sleep(time.Second)
		talk(t, client, "POST / HTTP/1.1\r\n")
		time.Sleep(4 * time.Second)
		talk(t, client, " Host: h\r\n")
		conn := <-given
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second)) // as net/http does first
		text, took := ends(conn)
		if text != "POST / HTTP/1.1\r\n Host: h\r\n" || took != time.Second {
			t.Errorf("%q after %s", text, took)
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second)) // for the next request
		if _, took := ends(conn); took != 5*time.Second {
			t.Errorf("the next: %s", took)
		}
		_ = conn.Close()
	})
}
