package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The addresses that stand in the templates, and one that guards them: templates run as they are, so two tests
// at the same time on one machine would meet there.
const (
	templateSource = "http://127.0.0.1:7718/orders"
	templateTarget = "127.0.0.1:7719"
	templateGuard  = "127.0.0.1:7716"
)

// alone waits until no other test on this machine runs a template.
func alone(t *testing.T) {
	t.Helper()
	late, again := time.After(2*patience), time.NewTicker(50*time.Millisecond)
	defer again.Stop()
	for {
		guard, err := net.Listen("tcp", templateGuard)
		if err == nil {
			t.Cleanup(func() { _ = guard.Close() })
			return
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("%s is taken: another program listens there", templateGuard)
		}
	}
}

// runTemplate writes a template and runs it, unedited.
func runTemplate(t *testing.T, name string) (dir string, p *process) {
	t.Helper()
	dir = t.TempDir()
	if code, _, text := engine(t, dir, "new", name); code != 0 {
		t.Fatalf("new %s: exit %d, %s", name, code, text)
	}
	return dir, start(t, dir, "run")
}

// stopped stops a template that runs for ever.
func stopped(t *testing.T, p *process) {
	t.Helper()
	send(t, p, syscall.SIGTERM)
	if code := p.exit(t); code != 0 {
		t.Errorf("exit %d, err %s", code, p.err)
	}
}

// target listens where the templates post to, and hands on the bodies that it gets.
func target(t *testing.T) <-chan string {
	t.Helper()
	listener, err := net.Listen("tcp", templateTarget)
	if err != nil {
		t.Fatal(err)
	}
	bodies := make(chan string, 16)
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- r.URL.Path + " " + string(body)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-served })
	return bodies
}

// post sends an order to the source of a template and returns the answer.
func post(t *testing.T, body string) (status int, answer string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Post(templateSource, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

const anOrder = `{"id": 1, "total": 9.5}`

// TestEveryTemplateRunsUnedited has one part for each template: a new template needs a new part.
func TestEveryTemplateRunsUnedited(t *testing.T) {
	alone(t)
	parts := map[string]func(t *testing.T, dir string, p *process){
		"http-to-http": func(t *testing.T, _ string, p *process) {
			bodies := target(t)
			p.err.await(t, "engine runs")
			if status, answer := post(t, anOrder); status != 200 || !strings.Contains(answer, `"outcome":"delivered"`) {
				t.Errorf("%d %s", status, answer)
			}
			if body := <-bodies; body != "/hook "+anOrder {
				t.Error(body)
			}
			stopped(t, p)
		},
		"file-to-http": func(t *testing.T, dir string, p *process) {
			bodies := target(t)
			p.err.await(t, "engine runs")
			write(t, dir, "orders.ndjson", anOrder+"\n")
			if body := <-bodies; body != "/hook "+anOrder {
				t.Error(body)
			}
			stopped(t, p)
		},
		"http-to-file": func(t *testing.T, dir string, p *process) {
			p.err.await(t, "engine runs")
			if status, answer := post(t, anOrder); status != 200 {
				t.Errorf("%d %s", status, answer)
			}
			if status, answer := post(t, "this is not JSON"); status != 422 {
				t.Errorf("%d %s", status, answer)
			}
			send(t, p, syscall.SIGTERM)
			if code := p.exit(t); code != exitFailed { // one record has failed
				t.Errorf("exit %d, err %s", code, p.err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "out", "orders.ndjson"))
			if err != nil || strings.ReplaceAll(string(text), " ", "") != `{"id":1,"total":9.5}`+"\n" {
				t.Errorf("%q, %v", text, err)
			}
		},
		"generate-to-stdout": func(t *testing.T, _ string, p *process) {
			if code := p.exit(t); code != 0 || strings.Count(p.out.String(), "\n") != 10 || !strings.Contains(p.out.String(), `"order":19`) {
				t.Errorf("exit %d, out %s, err %s", code, p.out, p.err)
			}
		},
	}
	all, err := templates()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		t.Run(one.Name, func(t *testing.T) {
			part, ok := parts[one.Name]
			if !ok {
				t.Fatal("the template is not tested")
			}
			dir, p := runTemplate(t, one.Name)
			part(t, dir, p)
		})
	}
	if len(all) != len(parts) {
		t.Errorf("%d templates, %d parts", len(all), len(parts))
	}
}
