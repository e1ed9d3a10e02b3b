package http

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	nethttp "net/http"
	"strings"
	"sync"

	"golang.org/x/net/netutil"

	"github.com/acktor/acktor/connector"
)

var _ connector.Source = (*source)(nil)

// source takes records from HTTP requests and answers each with what became of its record.
//
// A handler puts the record into the waiting list and waits. Read takes it out; from then on the record is the
// engine's, and gets its outcome even if the client is gone. A record that Read does not take in time is withdrawn
// and its request is answered 503, so that no memory grows where there is no credit.
//
// A source keeps no positions: Settle alone acknowledges a record.
type source struct {
	config  SourceConfig
	log     *slog.Logger
	waiting *waitingList
	alarms  sync.Pool // of *alarm
	guard   sourceGuard

	mu      sync.Mutex
	session *session // nil while closed
	address string   // where to listen; with a real port after the first Open
}

func newSource(config SourceConfig, env connector.Env) (connector.Source, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config.IDHeaders = lowered(config.IDHeaders)
	config.RespondHeaders = lowered(config.RespondHeaders)
	config.KeyHeader = strings.ToLower(config.KeyHeader)
	s := &source{
		config:  config,
		log:     env.Logger(),
		waiting: newWaitingList(config.MaxWaiting, int64(config.MaxWaitingBytes)),
		address: config.Address,
	}
	s.alarms.New = newAlarm
	var err error
	if s.guard, err = newSourceGuard(&config); err != nil {
		return nil, err
	}
	return s, nil
}

// Open listens. An address in use is an error that wraps syscall.EADDRINUSE. When the configured port is 0, the port
// that the first Open was given is used by later ones too.
func (s *source) Open(ctx context.Context, _ []connector.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session != nil {
		return errors.New("http: source is open already")
	}
	secure, err := serverTLS(s.config.TLS, s.log)
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("http: %w", err)
	}
	s.address = listener.Addr().String()
	s.waiting.setOpen(true)
	s.session = s.serve(listener, secure)
	s.log.Info("http source listens", "address", s.address, "path", s.config.Path)
	return nil
}

// serve serves what comes to listener, with TLS where secure is not nil.
func (s *source) serve(listener net.Listener, secure *tls.Config) *session {
	session := newSession(netutil.LimitListener(listener, s.config.MaxConnections))
	handler := &handler{source: s, session: session}
	session.server = &nethttp.Server{
		Handler:                      handler,
		ReadHeaderTimeout:            s.config.ReadHeaderTimeout,
		ReadTimeout:                  s.config.ReadTimeout,
		IdleTimeout:                  s.config.IdleTimeout,
		MaxHeaderBytes:               int(s.config.MaxHeader),
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		DisableGeneralOptionsHandler: true,
		ConnContext:                  withState,
	}
	if s.config.Server == serverFast {
		session.fast = newFastServer(handler, secure)
	} else {
		session.server.TLSConfig = secure
	}
	go session.run()
	return session
}

// Addr returns where the source listens, or nil while it is closed.
func (s *source) Addr() net.Addr {
	if session := s.current(); session != nil {
		return session.listener.Addr()
	}
	return nil
}

func (s *source) current() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session
}

// Read takes what waits.
func (s *source) Read(ctx context.Context, credit connector.Credit) ([]*connector.Record, error) {
	session := s.current()
	if session == nil {
		return nil, &connector.NotConnectedError{Err: errors.New("http: source is closed")}
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if batch := s.waiting.take(credit); len(batch) > 0 {
			return batch, nil
		}
		select {
		case <-s.waiting.arrived:
		case <-ctx.Done():
		case <-session.ended:
			return nil, &connector.NotConnectedError{Err: fmt.Errorf("http: %w", session.err)}
		}
	}
}

// Settle wakes the handlers that wait for these records. It never blocks, and it may be called after Close too, when
// nobody waits any more. It keeps the outcomes, which are immutable, until they are answered.
func (s *source) Settle(_ context.Context, settled []connector.Settled) error {
	for i := range settled {
		if t, ok := settled[i].Record.Ref.(*ticket); ok {
			t.settle(settled[i].Outcome)
		}
	}
	return nil
}

// Close stops accepting connections and records. Requests whose record was not taken are answered 503 at once; for
// the outcomes of the others it waits until ctx is about to end, then answers them 502, cancelled.
func (s *source) Close(ctx context.Context) error {
	s.mu.Lock()
	session := s.session
	s.session = nil
	s.mu.Unlock()
	if session == nil {
		return nil
	}
	s.waiting.setOpen(false)
	session.shutdown(ctx)
	return nil
}
