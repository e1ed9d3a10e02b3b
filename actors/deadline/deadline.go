// Package deadline has a context that costs next to nothing while nobody waits for it.
package deadline

import (
	"context"
	"sync"
	"time"
)

// Context ends with its parent, at its deadline, or with End. Unlike that of context.WithDeadline it makes its timer and its
// place in the parent only when somebody asks for Done, or derives a context from it: most short calls never do.
type Context struct {
	parent   context.Context
	deadline time.Time

	mu     sync.Mutex
	whole  context.Context // nil until somebody needs it
	cancel context.CancelFunc
	ended  bool
}

var _ context.Context = (*Context)(nil)

// New returns a context with a deadline. End must be called when it is no longer needed.
func New(parent context.Context, deadline time.Time) *Context {
	return &Context{parent: parent, deadline: deadline}
}

// End ends the context and frees what it holds.
func (c *Context) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.cancel != nil {
		c.cancel()
	}
}

// Deadline returns the deadline.
func (c *Context) Deadline() (time.Time, bool) { return c.deadline, true }

// Done returns a channel that is closed when the context has ended.
func (c *Context) Done() <-chan struct{} { return c.make().Done() }

// Err returns why the context has ended, or nil.
func (c *Context) Err() error {
	c.mu.Lock()
	whole, ended := c.whole, c.ended
	c.mu.Unlock()
	switch {
	case whole != nil:
		return whole.Err()
	case ended:
		return context.Canceled
	case c.parent.Err() != nil:
		return c.parent.Err()
	case !time.Now().Before(c.deadline):
		return context.DeadlineExceeded
	}
	return nil
}

// Value returns the parent's value. Asked by package context for the context to derive from, it is that behind Done.
func (c *Context) Value(key any) any {
	c.mu.Lock()
	whole := c.whole
	c.mu.Unlock()
	if whole != nil {
		return whole.Value(key)
	}
	return c.parent.Value(key)
}

func (c *Context) make() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.whole == nil {
		c.whole, c.cancel = context.WithDeadline(c.parent, c.deadline)
		if c.ended {
			c.cancel()
		}
	}
	return c.whole
}
