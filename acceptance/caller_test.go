package acceptance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// answer is what a caller was told about one record.
type answer struct {
	code   int
	header http.Header

	ID           string   `json:"id"`
	Type         string   `json:"type"`
	Outcome      string   `json:"outcome"`
	Class        string   `json:"class"`
	Attempts     int      `json:"attempts"`
	Sink         string   `json:"sink"`
	SinkStatus   int      `json:"sink_status"`
	Detail       string   `json:"detail"`
	Ambiguous    bool     `json:"ambiguous"`
	DeadLettered bool     `json:"dead_lettered"`
	Branches     []answer `json:"branches"`
}

// String shows what tests compare.
func (a answer) String() string {
	return fmt.Sprintf("%d %s %s after %d (%s)", a.code, a.Outcome, a.Class, a.Attempts, a.Detail)
}

// letter is a record to be sent: its id, its data and further headers, as pairs.
type letter struct {
	id, data string
	headers  []string
}

func (l letter) request(ctx context.Context, address string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/in", bytes.NewReader([]byte(l.data)))
	if err != nil {
		return nil, err
	}
	request.GetBody = nil // else net/http might send it a second time
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Webhook-Id", l.id)
	for i := 0; i < len(l.headers); i += 2 {
		request.Header.Set(l.headers[i], l.headers[i+1])
	}
	return request, nil
}

// caller is a client with a pool of connections of its own.
type caller struct{ http.Client }

func newCaller(t testing.TB) *caller {
	transport := &http.Transport{MaxIdleConnsPerHost: 1024}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{http.Client{Transport: transport, Timeout: patience}}
}

// send hands one record over and returns the answer to it.
func (c *caller) send(address string, l letter) (answer, error) {
	request, err := l.request(context.Background(), address)
	if err != nil {
		return answer{}, err
	}
	response, err := c.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	return understood(response, body)
}

// mustSend is send for a test's own goroutine.
func (c *caller) mustSend(t testing.TB, address string, l letter) answer {
	t.Helper()
	a, err := c.send(address, l)
	if err != nil {
		t.Fatalf("record %s: %v", l.id, err)
	}
	return a
}

func understood(response *http.Response, body []byte) (answer, error) {
	a := answer{code: response.StatusCode, header: response.Header}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fmt.Errorf("%d %q: %w", response.StatusCode, body, err)
	}
	return a, nil
}

// sendAlone hands one record over on a connection of its own and reads that to its end, so that a second answer
// would not go unnoticed.
func sendAlone(address string, l letter) (answer, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	request, err := l.request(context.Background(), address)
	if err != nil {
		return answer{}, err
	}
	request.Close = true
	if err := request.Write(conn); err != nil {
		return answer{}, err
	}
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	if rest, err := io.ReadAll(reader); err != nil || len(rest) > 0 {
		return answer{}, fmt.Errorf("behind the answer came %q, %v", rest, err)
	}
	return understood(response, body)
}
