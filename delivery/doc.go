// Package delivery decides: retry an attempt, when, or give up; let a request through or not. It has no
// goroutine, no timer and no actor. Whoever asks keeps the timers and gives the time as an argument.
//
// Around one attempt at one destination it goes like this:
//
//	Limiter.Take       is there a token?              wait, or go on
//	Breaker.Allow      does the destination live?     wait, or a Permit
//	Progress.Begin     count the attempt              ... the sink writes ...
//	Permit.Done        the destination is well        the record is delivered
//	Policy.Failed      retry After, or the Failure    then Permit.Failed with that Decision
//	Policy.Deadline    until when a record may wait   then Policy.GiveUp
//
// # Classes
//
// What the policy makes of a failed attempt follows from its class and from the status of the peer's answer,
// where there was one:
//
//	class            retryable  trips the breaker
//	connect_timeout  yes        yes
//	refused          yes        yes
//	dns              yes        yes
//	tls              yes        yes
//	reset            yes        yes
//	timeout          yes        yes
//	unavailable      yes        yes  (501: neither; 408 and 425: retryable, no trip)
//	throttled        yes        no
//	parse            yes        no
//	breaker_open     yes        nothing was sent
//	rejected         no         no
//	business         no         no
//	oversize         no         no
//	invalid          no         nothing was sent
//	denied           no         nothing was sent
//	expired          no         nothing was sent
//	panic            no         tells nothing
//	cancelled        no         tells nothing
//
// Whatever the class, the statuses 3xx, 4xx other than 408, 425 and 429, and 501 are not retried, and no 4xx
// trips the breaker: the peer that answers so is well. An attempt that tells nothing of the destination
// (Decision.Inconclusive) gives its permit back, so that a probe that was cancelled neither closes the breaker
// nor opens it.
//
// Retry.Retryable and Retry.Permanent override this by class and by status. In order of rank: Permanent,
// Retryable, a connector.PermanentError, the table. They change what is retried, never what trips.
//
// # Waiting
//
// The schedule is exponential with jitter and never exceeds Retry.Max. A peer's Retry-After moves the next
// attempt back, never forward: it comes at the later of the two. The one exception is Retry.MaxRetryAfter, to
// which a longer Retry-After is cut, so that no peer can park records for a day. For 429 and 503 the
// Retry-After holds the whole destination (Decision.Hold); for others it concerns the one record.
//
// # The breaker's clock
//
// [Breaker] stands on gobreaker, which reads the clock by itself; the time given to Allow only serves to say
// how long to wait. Its window is its own: a request counts when it ends, so that timeouts that are longer
// than the window count like all others.
package delivery
