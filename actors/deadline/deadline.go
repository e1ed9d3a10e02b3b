// Package deadline has contexts that cost next to nothing while nobody waits for them: no timer, no place in the
// parent, one allocation.
package deadline

import (
	"context"
	"sync"
	"time"
)

// Keeper makes the contexts of a goroutine that does one call after the other. They share its timer and its place in
// the parent: a timer that was set for one call and is not needed any more is left to ring, and then set for the call that
// is under way.
type Keeper struct {
	parent context.Context
	leave  func() bool // ends the watch over the parent; nil: it never ends

	mu      sync.Mutex
	current *Context // the one that somebody waits for; nil: nobody does
	timer   *time.Timer
	rings   time.Time // when the timer does; zero: it is not set
}

// NewKeeper returns a keeper whose contexts end with parent. Close must be called when it is no longer needed.
func NewKeeper(parent context.Context) *Keeper {
	k := &Keeper{parent: parent}
	if parent.Done() != nil {
		k.leave = context.AfterFunc(parent, k.parentEnded)
	}
	return k
}

// Begin returns a context with a deadline, after the one before was ended.
func (k *Keeper) Begin(deadline time.Time) *Context { return &Context{keeper: k, deadline: deadline} }

// Close frees what the keeper holds. Its contexts must have ended.
func (k *Keeper) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.leave != nil {
		k.leave()
	}
	if k.timer != nil {
		k.timer.Stop()
	}
}

// arm lets c end by itself. The lock is held.
func (k *Keeper) arm(c *Context) {
	k.current = c
	switch wait := time.Until(c.deadline); {
	case k.timer == nil:
		k.timer = time.AfterFunc(wait, k.ring)
	case k.rings.IsZero() || c.deadline.Before(k.rings):
		k.timer.Reset(wait)
	default:
		return // it rings early enough to be set again
	}
	k.rings = c.deadline
}

// ring ends the context that is waited for, if its time is up.
func (k *Keeper) ring() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rings = time.Time{}
	c := k.current
	switch {
	case c == nil:
	case time.Now().Before(c.deadline):
		k.rings = c.deadline
		k.timer.Reset(time.Until(c.deadline))
	default:
		c.end(context.DeadlineExceeded)
	}
}

func (k *Keeper) parentEnded() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current != nil {
		k.current.end(k.parent.Err())
	}
}

// Context ends with its parent, at its deadline, or with End. What is derived from it, and context.AfterFunc, use its
// method AfterFunc.
type Context struct {
	keeper   *Keeper
	deadline time.Time

	// Guarded by Keeper.mu.
	err   error
	done  chan struct{} // nil until somebody asks for it
	hook  *hook         // mostly there is one at most
	hooks map[*hook]struct{}
	first hook
}

// hook is a function that is called when the context ends.
type hook struct{ run func() }

var _ context.Context = (*Context)(nil)

// Deadline returns the deadline.
func (c *Context) Deadline() (time.Time, bool) { return c.deadline, true }

// Done returns a channel that is closed when the context has ended.
func (c *Context) Done() <-chan struct{} {
	k := c.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.done == nil {
		waits := c.wait()
		c.done = make(chan struct{})
		if !waits {
			close(c.done)
		}
	}
	return c.done
}

// wait makes sure that the context ends by itself, or returns false when it has ended. The lock is held.
func (c *Context) wait() bool {
	c.judge()
	if c.err == nil && c.keeper.current != c {
		c.keeper.arm(c)
	}
	return c.err == nil
}

// judge notes the end that nobody waited for. The lock is held.
func (c *Context) judge() {
	switch {
	case c.err != nil:
	case c.keeper.parent.Err() != nil:
		c.end(c.keeper.parent.Err())
	case !time.Now().Before(c.deadline):
		c.end(context.DeadlineExceeded)
	}
}

// Err returns why the context has ended, or nil.
func (c *Context) Err() error {
	k := c.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	c.judge()
	return c.err
}

// Value returns the parent's value.
func (c *Context) Value(key any) any { return c.keeper.parent.Value(key) }

// AfterFunc calls run in a goroutine of its own when the context ends, unless stop is called before, which then returns
// true. Package context looks for this method.
func (c *Context) AfterFunc(run func()) (stop func() bool) {
	k := c.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	if !c.wait() {
		go run()
		return func() bool { return false }
	}
	h := &c.first
	if c.hook == nil && h.run == nil {
		c.hook = h
	} else {
		h = &hook{}
		if c.hooks == nil {
			c.hooks = make(map[*hook]struct{})
		}
		c.hooks[h] = struct{}{}
	}
	h.run = run
	return func() bool { return c.unhook(h) }
}

func (c *Context) unhook(h *hook) bool {
	k := c.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	stopped := h.run != nil
	h.run = nil
	if c.hook == h {
		c.hook = nil
	}
	delete(c.hooks, h)
	return stopped
}

// End ends the context and frees what it holds. It may be called more than once.
func (c *Context) End() {
	k := c.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	c.end(context.Canceled)
}

// end tells everybody. The lock is held.
func (c *Context) end(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	if c.keeper.current == c {
		c.keeper.current = nil
	}
	if c.done != nil {
		close(c.done)
	}
	if c.hook != nil {
		c.hook.start()
	}
	for h := range c.hooks {
		h.start()
	}
	c.hook, c.hooks = nil, nil
}

func (h *hook) start() {
	go h.run()
	h.run = nil
}
