package http

import "github.com/acktor/acktor/connector"

var _ connector.Prompt = (*source)(nil)

// SettlesAtOnce is always so: Settle only wakes who waits.
func (s *source) SettlesAtOnce([]connector.Settled) bool { return true }
