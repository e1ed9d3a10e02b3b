package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/store"
)

// Engine is what the server shows. *acktor.Engine is one.
type Engine interface {
	Pipelines() []acktor.Status
	// Store is nil when the engine has none.
	Store() store.Store
	Replay(ctx context.Context, query store.LetterQuery) (moved int, err error)
	Watch(ctx context.Context, options acktor.WatchOptions) *acktor.Watch
	Pause(name string) error
	Resume(name string) error
	Drain(ctx context.Context, name string) error
}

var _ Engine = (*acktor.Engine)(nil)

// DefaultAddress is where the server listens unless told otherwise.
const DefaultAddress = "127.0.0.1:7717"

// Options configure a Server. The zero value works.
type Options struct {
	// Address is host and port; the host is a loopback one. Empty: DefaultAddress. Port 0 takes any free one.
	Address string
	// Logger gets what goes wrong with single connections, at level debug, and what the store says to requests that it cannot
	// answer. Nil discards.
	Logger *slog.Logger
}

// Server serves one engine. Its methods are safe for concurrent use; Start and Stop are called once each.
type Server struct {
	engine   Engine
	log      *slog.Logger
	address  string
	server   *http.Server
	listener net.Listener
	stopping atomic.Bool
	served   chan struct{} // closed when the server accepts no more
	streams  chan struct{} // holds one for each client that follows a record
	stop     sync.Once
	stopped  chan struct{} // closed by Stop
}

// The limits of the server: a handful of scrapers and people, each with small requests.
const (
	maxConnections    = 64
	maxHeader         = 16 << 10
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = time.Minute
)

// New makes a server of engine and of the metrics in it; nil metrics are none. It does not listen yet. An address that is
// not a loopback one is an error.
func New(engine Engine, metrics prometheus.Gatherer, options Options) (*Server, error) {
	if options.Address == "" {
		options.Address = DefaultAddress
	}
	if err := checkAddress(options.Address); err != nil {
		return nil, err
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		engine: engine, log: options.Logger, address: options.Address,
		served: make(chan struct{}), streams: make(chan struct{}, maxStreams), stopped: make(chan struct{}),
	}
	s.server = &http.Server{
		Handler:           s.handler(metrics),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(options.Logger.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// Handler answers requests, for embedders who serve it themselves. The check of the Host header is part of it.
func (s *Server) Handler() http.Handler { return s.server.Handler }

// Start listens, and serves in the background until Stop. An address in use is an error that wraps syscall.EADDRINUSE.
func (s *Server) Start(ctx context.Context) error {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	s.listener = listener
	go func() {
		defer close(s.served)
		_ = s.server.Serve(netutil.LimitListener(listener, maxConnections)) // ends with Stop
	}()
	return nil
}

// Addr returns where the server listens, once it was started.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// ShuttingDown makes /readyz answer 503 from now on; everything else goes on.
func (s *Server) ShuttingDown() { s.stopping.Store(true) }

// Stop accepts nothing more, ends what follows records, lets the other requests end until ctx does, and then cuts them.
func (s *Server) Stop(ctx context.Context) error {
	s.ShuttingDown()
	s.stop.Do(func() { close(s.stopped) })
	if s.listener == nil {
		return nil
	}
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("admin: %w", err), s.server.Close())
	}
	<-s.served
	return err
}
