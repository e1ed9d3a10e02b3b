package sqlstore

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
)

// What one transaction takes at most: it bounds memory, and how long those that come later wait.
const (
	groupJobs  = 4096
	groupBytes = 8 << 20
)

// tendEvery is the number of transactions after which the dialect may tend its database.
const tendEvery = 512

// job is what one caller wants to have done: a change, or a function that has a transaction to itself.
type job struct {
	change *prepared
	run    func(ctx context.Context, w *writing) error

	state atomic.Int32 // waiting, then taken or withdrawn
	done  chan error
}

const (
	waiting = iota
	taken
	withdrawn
)

// writer is the one goroutine that writes.
type writer struct {
	dialect *Dialect
	pool    *sql.DB
	now     *writing // nil: there is no connection. It belongs to the goroutine.
	groups  int      // transactions since the database was tended

	mu    sync.Mutex
	queue []*job
	wake  chan struct{} // closed by close
	ended chan struct{}
}

func newWriter(dialect *Dialect, pool *sql.DB) *writer {
	return &writer{dialect: dialect, pool: pool, wake: make(chan struct{}, 1), ended: make(chan struct{})}
}

// submit waits until a job is done, or withdraws it when ctx ends before it has begun.
func (w *writer) submit(ctx context.Context, j *job) error {
	j.done = make(chan error, 1)
	w.mu.Lock()
	w.queue = append(w.queue, j)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // it will look at the queue in any case
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
		return <-j.done
	}
}

// close ends the goroutine and frees the connections. Nobody submits any more.
func (w *writer) close() error {
	close(w.wake)
	<-w.ended
	ctx := context.Background()
	if conn, err := w.connection(ctx); err == nil {
		_ = w.dialect.Tend(ctx, conn.conn, true) // it is tended again when it is opened
	}
	w.drop()
	return w.pool.Close()
}

func (w *writer) work() {
	defer close(w.ended)
	for range w.wake {
		for group := w.take(); len(group) > 0; group = w.take() {
			w.write(group)
		}
	}
}

// take returns the next jobs: changes that go into one transaction, or one other.
func (w *writer) take() []*job {
	w.mu.Lock()
	defer w.mu.Unlock()
	var group []*job
	n, bytes := 0, 0
	for _, j := range w.queue {
		if len(group) > 0 && (j.run != nil || len(group) == groupJobs || bytes > groupBytes) {
			break
		}
		n++
		if !j.state.CompareAndSwap(waiting, taken) {
			continue
		}
		group = append(group, j)
		if j.run != nil {
			break
		}
		bytes += j.change.bytes
	}
	if w.queue = w.queue[n:]; len(w.queue) == 0 {
		w.queue = nil
	}
	return group
}

func (w *writer) write(group []*job) {
	run := group[0].run
	if run == nil {
		run = func(ctx context.Context, now *writing) error { return now.apply(ctx, group) }
	}
	ctx, cancel := context.Background(), func() {}
	if w.dialect.Patience > 0 {
		ctx, cancel = context.WithTimeout(ctx, w.dialect.Patience)
	}
	defer cancel()
	err := w.transact(ctx, run)
	for _, j := range group {
		j.done <- err
	}
	w.tend(ctx)
}

func (w *writer) tend(ctx context.Context) {
	if w.groups++; w.groups < tendEvery || w.now == nil {
		return
	}
	w.groups = 0
	if w.dialect.Tend(ctx, w.now.conn, false) != nil {
		w.drop()
	}
}

// transact runs a function in a transaction. After an error the connection is never used again: what state it is in,
// and what the system still holds of what it wrote, is not known.
func (w *writer) transact(ctx context.Context, run func(ctx context.Context, now *writing) error) error {
	if w.dialect.Guard != nil {
		if err := w.dialect.Guard(); err != nil {
			return err
		}
	}
	now, err := w.begin(ctx)
	if err != nil {
		return err
	}
	if err = run(ctx, now); err == nil {
		err = now.exec(ctx, "COMMIT")
	}
	if err != nil {
		_ = now.exec(ctx, "ROLLBACK") // it fails where the transaction is gone already
		w.drop()
	}
	return err
}

// begin begins a transaction. A connection that turns out to be lost is replaced once: nothing was done on it.
func (w *writer) begin(ctx context.Context) (*writing, error) {
	for again := w.now != nil; ; again = false {
		now, err := w.connection(ctx)
		if err == nil {
			if err = now.exec(ctx, w.dialect.Begin); err == nil {
				return now, nil
			}
		}
		w.drop()
		if !again {
			return nil, err
		}
	}
}

func (w *writer) connection(ctx context.Context) (*writing, error) {
	if w.now == nil {
		conn, err := w.pool.Conn(ctx)
		if err != nil {
			return nil, err
		}
		w.now = &writing{dialect: w.dialect, conn: conn, prepared: map[string]*sql.Stmt{}}
	}
	return w.now, nil
}

// drop closes the connection.
func (w *writer) drop() {
	if w.now != nil {
		w.now.close()
		w.now = nil
	}
}
