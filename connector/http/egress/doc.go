// Package egress guards connections whose address somebody else chooses, such as a URL that comes from a record: it lets them go
// to public addresses, and to no other unless the configuration says so.
//
// A Guard is the ControlContext function of a net.Dialer. It sees the address that is about to be connected to, after names
// have been resolved and however the address was spelled, so that there is no moment at which a name could change its meaning, and
// nothing is sent to a denied address, not even the first packet.
//
// What is denied:
//
//   - every range of IANA's registries of special-purpose addresses, those for IPv4 and IPv6: loopback, private, link-local,
//     shared, documentation and so on, also where the registry calls them globally reachable
//   - multicast, and whatever in IPv6 is not global unicast
//   - IPv6 addresses that hold an IPv4 address: mapped, compatible, NAT64, 6to4, Teredo
//   - where clouds keep what a machine may know of itself, credentials among it
//
// A proxy connects on its own: with one between, a Guard sees the address of the proxy alone. So whoever uses a Guard has to refuse
// a proxy, unless LeftToProxy says that the proxy judges.
package egress
