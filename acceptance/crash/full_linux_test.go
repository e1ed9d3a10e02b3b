package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector/all"
	"github.com/acktor/acktor/store/sqlite"
)

// smallDiskVariable names the directory on which a test process mounts a small disk that it alone can see.
const smallDiskVariable = "ACKTOR_CRASH_SMALL_DISK"

func TestCrashOfADiskThatIsFull(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOnSmallDisk", "-test.v")
	child.Env = append(os.Environ(), smallDiskVariable+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: gid, Size: 1}}
	}
	output, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "--- PASS: TestOnSmallDisk") {
		t.Errorf("%v\n%s", err, output)
	}
}

// onSmallDisk runs the test below in the process of its own, where there is one.
func onSmallDisk(m *testing.M) (code int, ran bool) {
	directory := os.Getenv(smallDiskVariable)
	if directory == "" {
		return 0, false
	}
	err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err == nil {
		err = syscall.Mount("tmpfs", directory, "tmpfs", 0, "size=4m")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mount:", err)
		return 1, true
	}
	return m.Run(), true
}

const fullDocument = `
pipelines:
  crash:
    source:
      http: {address: "127.0.0.1:0", path: /in, reply: accepted}
    sinks:
      peer:
        http: {url: <peer>}
        breaker: {enabled: false}
        retry: {max_attempts: 0, initial: 10ms, max: 60ms}
`

// journal is a log that may be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), text)
}

// TestOnSmallDiskNothingIsAcceptedUntilThereIsRoom: from the first record on that cannot be kept callers get 503, the log and
// a metric say so once, and when there is room everything goes on by itself.
func TestOnSmallDiskNothingIsAcceptedUntilThereIsRoom(t *testing.T) {
	directory := os.Getenv(smallDiskVariable)
	if directory == "" {
		return // TestCrashOfADiskThatIsFull runs it
	}
	p := newPeer(t, 1, func(int, int) int { return 200 })
	log, metrics := &journal{}, prometheus.NewRegistry()
	address := startFull(t, filepath.Join(directory, "store"), p.URL, log, metrics)
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	accepted := make(map[int]bool)
	post := func(n int) int {
		status := postOne(client, address, n)
		accepted[n] = status == http.StatusAccepted
		return status
	}
	if status := post(1); status != http.StatusAccepted || gauge(t, metrics, "acktor_store_refusing") != 0 {
		t.Fatalf("with room: %d, refusing %v", status, gauge(t, metrics, "acktor_store_refusing"))
	}
	free := fill(t, directory)
	n, refused := 1, 0
	for refused < 50 {
		if n++; n > 50_000 {
			t.Fatal("records are accepted without end on a full disk")
		}
		switch status := post(n); {
		case status == http.StatusServiceUnavailable:
			refused++
		case status != http.StatusAccepted:
			t.Fatalf("record %d was answered %d", n, status)
		case refused > 0:
			t.Fatalf("record %d was accepted after one was refused", n)
		}
	}
	if lines := log.count("records are refused until they can be kept"); lines != 1 || gauge(t, metrics, "acktor_store_refusing") != 1 {
		t.Errorf("%d lines in the log, refusing %v", lines, gauge(t, metrics, "acktor_store_refusing"))
	}
	free()
	for deadline := time.Now().Add(patience); ; n++ {
		if status := post(n + 1); status == http.StatusAccepted {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("there is room, and the answer is %d", status)
		}
	}
	for n, was := range accepted {
		for deadline := time.Now().Add(patience); was && !p.has(n); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("record %d was accepted and is lost", n)
			}
		}
	}
	if gauge(t, metrics, "acktor_store_refusing") != 0 || log.count("records are accepted again") != 1 {
		t.Error("the log or the metric does not say that it goes on")
	}
}

func startFull(t *testing.T, path, peer string, log *journal, metrics prometheus.Registerer) (address string) {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(log, nil))
	kept, err := sqlite.Open(t.Context(), path, sqlite.Options{Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(fullDocument, "<peer>", peer)
	loaded, diagnostics := config.Load([]config.Source{{Name: "full.yaml", Text: []byte(text)}}, all.Registry(), config.Options{Logger: logger})
	if loaded == nil {
		t.Fatal(diagnostics)
	}
	engine, err := acktor.New(acktor.Options{Logger: logger, Store: kept, Registerer: metrics})
	if err != nil {
		t.Fatal(err)
	}
	for _, pipeline := range acktor.FromConfig(loaded) {
		if err := engine.Add(pipeline); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(engine.Stop(ctx), kept.Close()); err != nil {
			t.Error(err)
		}
	})
	return loaded.Pipelines[0].Source.(interface{ Addr() net.Addr }).Addr().String()
}

// fill leaves no room on the disk; the returned function gives it back.
func fill(t *testing.T, directory string) (free func()) {
	t.Helper()
	ballast := filepath.Join(directory, "ballast")
	f, err := os.Create(ballast)
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	_ = f.Close()
	return func() { _ = os.Remove(ballast) }
}

func gauge(t *testing.T, metrics prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}

func (p *peer) has(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.taken[n]) > 0
}
