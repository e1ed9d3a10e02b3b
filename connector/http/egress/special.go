package egress

import "net/netip"

// special says what kind of address ip is when it is not an ordinary public one, or "".
//
// The ranges are those of https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry, with multicast, and with what some clouds
// use for their metadata. The first that matches counts, so that narrow ones stand before wide ones.
func special(ip netip.Addr) string {
	ranges := specialIPv6()
	if ip.Is4() {
		ranges = specialIPv4()
	}
	for _, r := range ranges {
		if r.prefix.Contains(ip) {
			return r.reason
		}
	}
	if ip.Is6() && !globalUnicast().Contains(ip) {
		return "not global unicast (RFC 4291)"
	}
	return ""
}

// kind is a range and what it is for.
type kind struct {
	prefix netip.Prefix
	reason string
}

const metadata = "cloud metadata"

// block makes a prefix of an IPv4 address.
func block(a, b, c, d byte, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{a, b, c, d}), bits)
}

func specialIPv4() []kind {
	return []kind{
		{block(169, 254, 169, 254, 32), metadata}, // AWS, Azure, Google, Oracle and others
		{block(169, 254, 170, 2, 32), metadata},   // AWS, of containers
		{block(169, 254, 170, 23, 32), metadata},  // AWS, of pods
		{block(168, 63, 129, 16, 32), metadata},   // Azure; a public address, answered by the host alone
		{block(100, 100, 100, 200, 32), metadata}, // Alibaba
		{block(192, 0, 0, 192, 32), metadata},     // Oracle
		{block(0, 0, 0, 0, 8), "this network (RFC 791)"},
		{block(10, 0, 0, 0, 8), "private (RFC 1918)"},
		{block(100, 64, 0, 0, 10), "shared address space (RFC 6598)"},
		{block(127, 0, 0, 0, 8), "loopback (RFC 1122)"},
		{block(169, 254, 0, 0, 16), "link-local (RFC 3927)"},
		{block(172, 16, 0, 0, 12), "private (RFC 1918)"},
		{block(192, 0, 0, 0, 24), "protocol assignments (RFC 6890)"},
		{block(192, 0, 2, 0, 24), "documentation (RFC 5737)"},
		{block(192, 31, 196, 0, 24), "AS112 (RFC 7535)"},
		{block(192, 52, 193, 0, 24), "AMT (RFC 7450)"},
		{block(192, 88, 99, 0, 24), "6to4 relay (RFC 7526)"},
		{block(192, 168, 0, 0, 16), "private (RFC 1918)"},
		{block(192, 175, 48, 0, 24), "AS112 (RFC 7534)"},
		{block(198, 18, 0, 0, 15), "benchmarking (RFC 2544)"},
		{block(198, 51, 100, 0, 24), "documentation (RFC 5737)"},
		{block(203, 0, 113, 0, 24), "documentation (RFC 5737)"},
		{block(224, 0, 0, 0, 4), "multicast (RFC 5771)"},
		{block(255, 255, 255, 255, 32), "broadcast (RFC 919)"},
		{block(240, 0, 0, 0, 4), "reserved (RFC 1112)"},
	}
}

// block6 makes a prefix of an IPv6 address that begins with these groups.
func block6(bits int, groups ...uint16) netip.Prefix {
	var bytes [16]byte
	for i, group := range groups {
		bytes[2*i], bytes[2*i+1] = byte(group>>8), byte(group)
	}
	return netip.PrefixFrom(netip.AddrFrom16(bytes), bits)
}

func globalUnicast() netip.Prefix { return block6(3, 0x2000) }

// Where an IPv4 address stands within an IPv6 address. compatible holds the loopback and the unspecified address as well.
func mapped() netip.Prefix     { return block6(96, 0, 0, 0, 0, 0, 0xffff) }
func compatible() netip.Prefix { return block6(96) }
func translated() netip.Prefix { return block6(96, 0x64, 0xff9b) }
func sixToFour() netip.Prefix  { return block6(16, 0x2002) }
func teredo() netip.Prefix     { return block6(32, 0x2001) }

func specialIPv6() []kind {
	return []kind{
		{block6(128), "unspecified (RFC 4291)"},
		{block6(128, 0, 0, 0, 0, 0, 0, 0, 1), "loopback (RFC 4291)"},
		{mapped(), "IPv4-mapped (RFC 4291)"},
		{compatible(), "IPv4-compatible (RFC 4291)"},
		{translated(), "NAT64 (RFC 6052)"},
		{block6(48, 0x64, 0xff9b, 1), "NAT64 (RFC 8215)"},
		{block6(64, 0x100), "discard (RFC 6666)"},
		{block6(64, 0x100, 0, 0, 1), "dummy (RFC 9780)"},
		{teredo(), "Teredo (RFC 4380)"},
		{block6(23, 0x2001), "protocol assignments (RFC 2928)"},
		{block6(32, 0x2001, 0xdb8), "documentation (RFC 3849)"},
		{sixToFour(), "6to4 (RFC 3056)"},
		{block6(48, 0x2620, 0x4f, 0x8000), "AS112 (RFC 7534)"},
		{block6(20, 0x3fff), "documentation (RFC 9637)"},
		{block6(16, 0x5f00), "segment routing (RFC 9602)"},
		{block6(128, 0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), metadata}, // AWS
		{block6(128, 0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), metadata},  // Google
		{block6(128, 0xfd00, 0xc1, 0, 0, 0, 0, 0, 0x254), metadata},  // Oracle
		{block6(7, 0xfc00), "private (RFC 4193)"},
		{block6(10, 0xfe80), "link-local (RFC 4291)"},
		{block6(10, 0xfec0), "site-local (RFC 3879)"},
		{block6(8, 0xff00), "multicast (RFC 4291)"},
	}
}

// embedded returns the IPv4 addresses that an IPv6 address of a known form of translation or tunnel leads to.
func embedded(ip netip.Addr) []netip.Addr {
	if !ip.Is6() {
		return nil
	}
	b := ip.As16()
	switch {
	case mapped().Contains(ip), compatible().Contains(ip) && !ip.IsLoopback() && !ip.IsUnspecified(), translated().Contains(ip):
		return []netip.Addr{netip.AddrFrom4([4]byte(b[12:16]))}
	case sixToFour().Contains(ip):
		return []netip.Addr{netip.AddrFrom4([4]byte(b[2:6]))}
	case teredo().Contains(ip): // the server, and the client with all bits turned (RFC 4380, section 4)
		return []netip.Addr{netip.AddrFrom4([4]byte(b[4:8])), netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})}
	}
	return nil
}
