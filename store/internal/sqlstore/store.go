package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"

	"github.com/acktor/acktor/store"
)

// Options says over what a Store works. All of it is needed but Log.
type Options struct {
	Where   string // the file or the name of the database, for errors
	Dialect *Dialect
	// Writer has connections for writing; one is open at a time. Reader has those for reading; it may be the same. The
	// store closes both.
	Writer, Reader *sql.DB
	Log            *slog.Logger // of what is damaged; nil discards
}

// Store is a store.Store in a database.
type Store struct {
	where   string
	dialect *Dialect
	log     *slog.Logger
	reader  *sql.DB
	writer  *writer

	using  sync.RWMutex // calls read-lock it, Close locks it
	closed bool
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Inspector = (*Store)(nil)
)

// Open brings the schema to its newest version and starts the writer. After an error both pools are closed.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{where: o.Where, dialect: o.Dialect, log: o.Log, reader: o.Reader}
	s.writer = newWriter(o.Dialect, o.Writer)
	if err := s.migrate(ctx); err != nil {
		s.writer.drop()
		return nil, errors.Join(s.explain(err), o.Writer.Close(), o.Reader.Close())
	}
	go s.writer.work()
	return s, nil
}

// Close waits for what is running. Closing twice is harmless.
func (s *Store) Close() error {
	s.using.Lock()
	defer s.using.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.explain(errors.Join(s.reader.Close(), s.writer.close()))
}

// enter begins a call; the returned function ends it.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	s.using.RLock()
	if s.closed {
		err = store.ErrClosed
	} else {
		err = ctx.Err()
	}
	if err != nil {
		s.using.RUnlock()
		return nil, err
	}
	return s.using.RUnlock, nil
}

// explain puts an error of the database in the terms of package store.
func (s *Store) explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	_, newer := errors.AsType[*store.NewerError](err)
	_, lost := errors.AsType[*store.LockLostError](err)
	if newer || lost {
		return err
	}
	return s.dialect.Explain(s.where, err)
}

// do has the writer run a function in a transaction of its own.
func (s *Store) do(ctx context.Context, run func(ctx context.Context, w *writing) error) error {
	return s.explain(s.writer.submit(ctx, &job{run: run}))
}

// transact is for the time before the writer works.
func (s *Store) transact(ctx context.Context, run func(ctx context.Context, w *writing) error) error {
	return s.writer.transact(ctx, run)
}
