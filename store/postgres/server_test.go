//go:build linux

package postgres

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// server is a PostgreSQL server of this test binary's own, on a socket in a directory of its own.
type server struct {
	directory string
	bin       string
	process   *exec.Cmd
	schemas   *atomic.Int64
}

// the server of all tests; TestMain sets it.
var shared server

func TestMain(m *testing.M) {
	runtime.LockOSThread() // the server ends with the thread that started it
	s, err := newServer()
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need a PostgreSQL server of their own:", err)
		os.Exit(1)
	}
	shared = s
	code := m.Run()
	if err := errors.Join(s.stop(), os.RemoveAll(s.directory)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// newServer makes a database cluster and starts a server over it.
func newServer() (server, error) {
	s := server{schemas: new(atomic.Int64)}
	var err error
	if s.bin, err = binaries(); err != nil {
		return s, err
	}
	if s.directory, err = os.MkdirTemp("", "pg"); err != nil {
		return s, err
	}
	if err := s.give(); err != nil {
		return s, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	initdb := s.command(ctx, "initdb", "-D", s.data(), "-U", "acktor", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	if output, err := initdb.CombinedOutput(); err != nil {
		return s, fmt.Errorf("initdb: %w: %s", err, output)
	}
	return s, s.start()
}

func (s *server) data() string { return filepath.Join(s.directory, "data") }

// binaries finds initdb and postgres: distributions keep them out of the path.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("there is no initdb: install the package postgresql")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// give gives the directory to the user that runs the server, who cannot be root.
func (s *server) give() error {
	if os.Getuid() != 0 {
		return nil
	}
	credential, err := other()
	if err != nil {
		return err
	}
	return os.Chown(s.directory, int(credential.Uid), int(credential.Gid))
}

// other is the user that runs the server in place of root.
func other() (*syscall.Credential, error) {
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func (s *server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	command.Dir = s.directory
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Getuid() == 0 {
		command.SysProcAttr.Credential, _ = other() // give has looked already
	}
	return command
}

// start starts the server and waits until it serves.
func (s *server) start() error {
	s.process = s.command(context.Background(), "postgres", "-D", s.data(), "-k", s.directory, "-c", "listen_addresses=", "-c", "max_connections=200")
	log, err := s.process.StderrPipe()
	if err == nil {
		err = s.process.Start()
	}
	if err != nil {
		return err
	}
	hanging := time.AfterFunc(time.Minute, func() { _ = s.process.Process.Kill() })
	defer hanging.Stop()
	lines := bufio.NewScanner(log)
	var said strings.Builder
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		if strings.Contains(lines.Text(), "ready to accept connections") {
			go func() { // it writes as long as it runs
				for lines.Scan() {
				}
			}()
			return nil
		}
	}
	return errors.Join(errors.New("postgres did not start: "+said.String()), s.process.Wait())
}

// stop ends the server, at once if that is not done in time.
func (s *server) stop() error {
	hanging := time.AfterFunc(30*time.Second, func() { _ = s.process.Process.Kill() })
	defer hanging.Stop()
	return errors.Join(s.process.Process.Signal(syscall.SIGINT), s.process.Wait())
}

// url is that of the database, in a schema.
func (s *server) url(schema string) string {
	return fmt.Sprintf("host=%s user=acktor dbname=postgres search_path=%s", s.directory, schema)
}

// schema makes an empty schema and returns its name.
func (s *server) schema(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("s%d", s.schemas.Add(1))
	s.run(t, "public", "CREATE SCHEMA "+name)
	return name
}

// run runs a statement.
func (s *server) run(t testing.TB, schema, statement string) {
	t.Helper()
	s.in(t, schema, func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), statement)
		return err
	})
}

// in opens the database beside the store.
func (s *server) in(t testing.TB, schema string, call func(db *sql.DB) error) {
	t.Helper()
	db, err := sql.Open("pgx", s.url(schema))
	if err == nil {
		err = errors.Join(call(db), db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}
