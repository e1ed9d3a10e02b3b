package connector

import "fmt"

// Class says why an attempt, or a record, failed. The set is closed.
type Class uint8

// The failure classes.
const (
	ConnectTimeout Class = iota + 1 // no connection in time
	Refused                         // connection refused or unreachable
	DNS                             // the name does not resolve
	TLS                             // the handshake failed
	Reset                           // the connection broke before the answer was whole
	Timeout                         // no answer in time
	Rejected                        // 3xx and 4xx: the peer understood and does not want it
	Throttled                       // 429, or a limit of the engine's own
	Unavailable                     // 5xx, 408, 425
	Parse                           // the answer could not be understood
	Business                        // the answer says yes, its content says no
	BreakerOpen                     // the destination's breaker is open
	Denied                          // the egress policy forbids the destination
	Invalid                         // the record cannot be sent as it is
	Oversize                        // the record is larger than the sink takes
	Expired                         // its time was up before an attempt could be made
	Panicked                        // a connector, a step or an actor panicked over it
	Cancelled                       // shutdown or withdrawal

	classes = iota + 1
)

var classNames = [classes]string{
	ConnectTimeout: "connect_timeout", Refused: "refused", DNS: "dns", TLS: "tls", Reset: "reset",
	Timeout: "timeout", Rejected: "rejected", Throttled: "throttled", Unavailable: "unavailable",
	Parse: "parse", Business: "business", BreakerOpen: "breaker_open", Denied: "denied",
	Invalid: "invalid", Oversize: "oversize", Expired: "expired", Panicked: "panic", Cancelled: "cancelled",
}

// Classes returns every class, in their order.
func Classes() []Class {
	all := make([]Class, 0, classes-1)
	for c := ConnectTimeout; c < classes; c++ {
		all = append(all, c)
	}
	return all
}

// String returns the name used in config, metrics and answers, such as "connect_timeout".
func (c Class) String() string {
	if c > 0 && c < classes {
		return classNames[c]
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// MarshalText writes the class's name.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a class's name.
func (c *Class) UnmarshalText(text []byte) error {
	for class, name := range classNames {
		if name != "" && name == string(text) {
			*c = Class(class)
			return nil
		}
	}
	return fmt.Errorf("connector: unknown failure class %q", text)
}

// Retryable says whether another attempt may help, where no policy says otherwise.
func (c Class) Retryable() bool {
	switch c {
	case ConnectTimeout, Refused, DNS, TLS, Reset, Timeout, Throttled, Unavailable, Parse, BreakerOpen:
		return true
	}
	return false
}
