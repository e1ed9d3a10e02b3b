package http

import "github.com/acktor/acktor/connector"

var _ connector.Prompt = (*source)(nil)

var _ connector.Accepter = (*source)(nil)

// WantsAccepted says what reply says.
func (s *source) WantsAccepted() bool { return s.config.Reply == replyAccepted }

// SettlesAtOnce is always so: Settle only wakes who waits.
func (s *source) SettlesAtOnce([]connector.Settled) bool { return true }
