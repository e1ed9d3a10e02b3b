package egress

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// Guard decides which addresses may be connected to. It is never changed once it is made, so that any number of goroutines may use it.
type Guard struct {
	public *ssrf.Guardian
	ports  []uint16
	allow  []exception
	deny   []netip.Prefix
}

// exception is a range that may be reached although it is not public, at those ports or, when there are none, at any.
type exception struct {
	prefix netip.Prefix
	ports  []uint16
}

// DeniedError is a connection that was not made.
type DeniedError struct {
	Address netip.AddrPort // not valid where the network is not TCP
	Reason  string         // what the address is: "loopback (RFC 1122)"
}

// Error names the address and what it is.
func (e *DeniedError) Error() string {
	if !e.Address.IsValid() {
		return "egress: denied: " + e.Reason
	}
	return fmt.Sprintf("egress: %s is denied: %s", e.Address, e.Reason)
}

// New makes a Guard that lets connections go to all public addresses, at any port. For anything else use Config.
func New() *Guard {
	return &Guard{public: ssrf.New(ssrf.WithAnyNetwork(), ssrf.WithAnyPort())}
}

// ControlContext is for the field of that name of a net.Dialer. Its error is a *DeniedError, which the dialer wraps.
func (g *Guard) ControlContext(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return &DeniedError{Reason: "network " + network + " is not TCP"}
	}
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return &DeniedError{Reason: "the address cannot be read"}
	}
	return g.Check(parsed)
}

// Check returns a *DeniedError when the address must not be connected to. An address with a zone is judged without it.
func (g *Guard) Check(address netip.AddrPort) error {
	if reason := g.refuse(address.Addr().WithZone(""), address.Port()); reason != "" {
		return &DeniedError{Address: address, Reason: reason}
	}
	return nil
}

// refuse says why the address must not be connected to, or "".
func (g *Guard) refuse(ip netip.Addr, port uint16) string {
	if !ip.IsValid() {
		return "the address cannot be read"
	}
	for _, prefix := range g.deny {
		if prefix.Contains(ip) {
			return "denied by the configuration, " + prefix.String()
		}
	}
	if allowed, found := g.excepted(ip, port); allowed {
		return g.refuseInner(ip, port)
	} else if found {
		return fmt.Sprintf("port %d is not among those allowed there", port)
	}
	if reason := special(ip); reason != "" {
		return reason
	}
	if g.public.SafeAddr(ip) != nil {
		return "special-purpose address (IANA)"
	}
	if g.ports != nil && !slices.Contains(g.ports, port) {
		return fmt.Sprintf("port %d is not among those allowed", port)
	}
	return ""
}

// excepted says whether the configuration allows the address, and whether it names it at all.
func (g *Guard) excepted(ip netip.Addr, port uint16) (allowed, found bool) {
	for _, e := range g.allow {
		if !e.prefix.Contains(ip) {
			continue
		}
		if e.ports == nil || slices.Contains(e.ports, port) {
			return true, true
		}
		found = true
	}
	return false, found
}

// refuseInner judges the IPv4 address within an IPv6 address that is allowed: a translator between would connect to it.
func (g *Guard) refuseInner(ip netip.Addr, port uint16) string {
	for _, inner := range embedded(ip) {
		if reason := g.refuse(inner, port); reason != "" {
			return fmt.Sprintf("holds %s: %s", inner, reason)
		}
	}
	return ""
}
