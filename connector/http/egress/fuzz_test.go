package egress_test

import (
	"net/netip"
	"testing"

	"github.com/acktor/acktor/connector/http/egress"
)

// By other means than the guard: whatever the standard library calls not public, and whatever is outside of global unicast, is
// denied, in any form, and a zone changes nothing.
func FuzzDenied(f *testing.F) {
	for _, seed := range [][]byte{{127, 0, 0, 1}, {8, 8, 8, 8}, make([]byte, 16), {0x20, 0x02, 127, 0, 0, 1, 15: 0}, {15: 1}} {
		f.Add(seed, uint16(80), "")
	}
	guard := egress.New()
	f.Fuzz(func(t *testing.T, bytes []byte, port uint16, zone string) {
		ip, ok := netip.AddrFromSlice(bytes)
		if !ok {
			return
		}
		err := guard.Check(netip.AddrPortFrom(ip, port))
		bad := ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip.Is4In6() ||
			ip.Is6() && bytes[0]>>5 != 1
		if bad && err == nil {
			t.Errorf("%s is not denied", ip)
		}
		if zoned := guard.Check(netip.AddrPortFrom(ip.WithZone(zone), port)); (zoned == nil) != (err == nil) {
			t.Errorf("%s: %v, and with the zone %q: %v", ip, err, zone, zoned)
		}
		if ip.Is6() {
			return
		}
		four := ip.As4()
		for _, form := range []netip.Addr{
			netip.AddrFrom16(ip.As16()),
			netip.AddrFrom16([16]byte{12: four[0], 13: four[1], 14: four[2], 15: four[3]}),
			netip.AddrFrom16([16]byte{0, 0x64, 0xff, 0x9b, 12: four[0], 13: four[1], 14: four[2], 15: four[3]}),
			netip.AddrFrom16([16]byte{0x20, 0x02, four[0], four[1], four[2], four[3]}),
			netip.AddrFrom16([16]byte{0x20, 0x01, 0, 0, 1, 1, 1, 1, 12: ^four[0], 13: ^four[1], 14: ^four[2], 15: ^four[3]}),
		} {
			if guard.Check(netip.AddrPortFrom(form, port)) == nil {
				t.Errorf("%s, which holds %s, is not denied", form, ip)
			}
		}
	})
}

// A configuration is read or refused, and what it denies stays denied whatever it allows.
func FuzzConfig(f *testing.F) {
	f.Add("10.0.0.0/8", 443, "10.1.0.0/16")
	f.Add("::/0", 0, "::ffff:0:0/96")
	f.Fuzz(func(t *testing.T, allow string, port int, deny string) {
		config := egress.Config{Allow: []egress.Allow{{CIDR: allow, Ports: []int{port}}}, Deny: []string{deny}, Ports: []int{port}}
		guard, err := config.Guard()
		if err != nil {
			return
		}
		prefix, err := netip.ParsePrefix(deny)
		if err != nil {
			address := netip.MustParseAddr(deny)
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		for _, ip := range []netip.Addr{prefix.Addr(), last(prefix)} {
			if guard.Check(netip.AddrPortFrom(ip, uint16(port))) == nil {
				t.Errorf("%s is denied by %s and passes", ip, deny)
			}
		}
	})
}
