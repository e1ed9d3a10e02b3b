package egress_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"code.dny.dev/ssrf"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/egress"
)

// registered are all ranges of IANA's two registries, those within others included, and multicast.
func registered() []string {
	return []string{
		// https://www.iana.org/assignments/iana-ipv4-special-registry
		"0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.0.0/29",
		"192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/32", "192.0.0.171/32", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
		"192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"255.255.255.255/32",
		// https://www.iana.org/assignments/iana-ipv6-special-registry
		"::1/128", "::/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128",
		"2001:1::2/128", "2001:1::3/128", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32",
		"2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10",
		// https://www.iana.org/assignments/multicast-addresses and ipv6-multicast-addresses; RFC 3879; RFC 4291, section 2.5.5.1
		"224.0.0.0/4", "ff00::/8", "fec0::/10", "::/96",
		// what is not yet assigned in IPv6
		"::/8", "200::/7", "400::/6", "800::/5", "1000::/4", "4000::/3", "6000::/3", "8000::/3", "a000::/3", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9",
		// metadata
		"169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::254/128", "fd20:ce::254/128", "fd00:c1::a9fe:a9fe/128",
	}
}

func TestTheFirstTheLastAndAMiddleAddressOfEveryRegisteredRangeAreDenied(t *testing.T) {
	guard := egress.New()
	for _, text := range registered() {
		prefix := netip.MustParsePrefix(text)
		for _, ip := range []netip.Addr{prefix.Addr(), middle(prefix), last(prefix)} {
			for _, port := range []uint16{1, 80, 443, 65535} {
				err := guard.Check(netip.AddrPortFrom(ip, port))
				if denied, ok := errors.AsType[*egress.DeniedError](err); !ok || denied.Reason == "" || denied.Address.Addr() != ip {
					t.Errorf("%s of %s: %v", ip, text, err)
				}
			}
		}
	}
}

// The neighbours of the ranges, and some that everybody knows.
func TestPublicAddressesAreNotDenied(t *testing.T) {
	guard := egress.New()
	for _, text := range []string{
		"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
		"172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.1.255", "192.0.3.0", "192.31.195.255", "192.31.197.0", "192.52.192.255",
		"192.52.194.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "192.175.47.255", "192.175.49.0", "198.17.255.255",
		"198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.15", "168.63.129.17", "8.8.8.8", "1.1.1.1",
		"2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "2001:ffff::", "2003::",
		"2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", "2606:4700::1111",
	} {
		for _, port := range []uint16{1, 80, 443, 65535} {
			if err := guard.Check(netip.AddrPortFrom(netip.MustParseAddr(text), port)); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

// The library's list is generated from the registries: what a new version adds is to have a name here as well.
func TestEveryRangeOfTheLibraryHasAReasonOfItsOwn(t *testing.T) {
	guard := egress.New()
	for _, prefix := range append(append([]netip.Prefix{ssrf.IPv6NAT64Prefix}, ssrf.IPv4DeniedPrefixes...), ssrf.IPv6DeniedPrefixes...) {
		for _, ip := range []netip.Addr{prefix.Addr(), middle(prefix), last(prefix)} {
			err := guard.Check(netip.AddrPortFrom(ip, 80))
			if denied, ok := errors.AsType[*egress.DeniedError](err); !ok || strings.HasPrefix(denied.Reason, "special-purpose") || strings.HasPrefix(denied.Reason, "not global") {
				t.Errorf("%s of %s: %v", ip, prefix, err)
			}
		}
	}
}

func TestReasonsSayWhatAnAddressIs(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:80":              "egress: 127.0.0.1:80 is denied: loopback (RFC 1122)",
		"[::1]:80":                  "egress: [::1]:80 is denied: loopback (RFC 4291)",
		"169.254.169.254:80":        "egress: 169.254.169.254:80 is denied: cloud metadata",
		"[fd00:ec2::254]:80":        "egress: [fd00:ec2::254]:80 is denied: cloud metadata",
		"[fe80::1%eth0]:80":         "egress: [fe80::1%eth0]:80 is denied: link-local (RFC 4291)",
		"[::ffff:10.0.0.1]:80":      "egress: [::ffff:10.0.0.1]:80 is denied: IPv4-mapped (RFC 4291)",
		"[::ffff:8.8.8.8]:80":       "egress: [::ffff:8.8.8.8]:80 is denied: IPv4-mapped (RFC 4291)",
		"[::7f00:1]:80":             "egress: [::7f00:1]:80 is denied: IPv4-compatible (RFC 4291)",
		"[64:ff9b::7f00:1]:80":      "egress: [64:ff9b::7f00:1]:80 is denied: NAT64 (RFC 6052)",
		"[2002:7f00:1::]:80":        "egress: [2002:7f00:1::]:80 is denied: 6to4 (RFC 3056)",
		"[2001:0:7f00:1::80ff]:80":  "egress: [2001:0:7f00:1::80ff]:80 is denied: Teredo (RFC 4380)",
		"[2001:4860:4860::8888]:80": "",
	} {
		err := egress.New().Check(netip.MustParseAddrPort(text))
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestOnlyAddressesOfTCPAreJudged(t *testing.T) {
	guard := egress.New()
	for _, c := range [][2]string{{"udp4", "8.8.8.8:53"}, {"unix", "/run/x"}, {"tcp", "8.8.8.8:80"}, {"tcp4", "8.8.8.8"}, {"tcp4", "example.com:80"}, {"tcp4", ""}} {
		if _, ok := errors.AsType[*egress.DeniedError](guard.ControlContext(t.Context(), c[0], c[1], nil)); !ok {
			t.Errorf("%v is not denied", c)
		}
	}
	if err := guard.ControlContext(t.Context(), "tcp6", "[2606:4700::1111]:80", nil); err != nil {
		t.Error(err)
	}
	if err := guard.Check(netip.AddrPort{}); err == nil {
		t.Error("no address at all is not denied")
	}
}

func TestTheConfigurationAllowsAndDenies(t *testing.T) {
	config := egress.Config{
		Allow: []egress.Allow{
			{CIDR: "10.1.0.0/16", Ports: []int{443, 8443}}, {CIDR: "10.1.2.3"}, {CIDR: "64:ff9b::/96"}, {CIDR: "2002::/16"}, {CIDR: "2001::/32"},
			{CIDR: "fd00:1::/32"}, {CIDR: "8.8.4.0/24", Ports: []int{53}},
		},
		Deny:  []string{"9.9.9.0/24", "10.1.9.0/24", "2606:4700::/32"},
		Ports: []int{80, 443},
	}
	guard, err := config.Guard()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"10.1.0.1:443":   "",
		"10.1.0.1:80":    "port 80 is not among those allowed there",
		"10.1.2.3:80":    "", // allowed twice, and by one of them at any port
		"10.2.0.1:443":   "private (RFC 1918)",
		"10.1.9.1:443":   "denied by the configuration, 10.1.9.0/24",
		"9.9.9.9:443":    "denied by the configuration, 9.9.9.0/24",
		"8.8.8.8:443":    "",
		"8.8.8.8:8080":   "port 8080 is not among those allowed",
		"8.8.4.4:443":    "port 443 is not among those allowed there",
		"[fd00:1::1]:22": "", "[fd00:1::1%eth0]:22": "",
		"[2606:4700::1]:443":                 "denied by the configuration, 2606:4700::/32",
		"[::ffff:10.1.0.1]:443":              "IPv4-mapped (RFC 4291)",
		"[64:ff9b::808:808]:443":             "", // 8.8.8.8
		"[64:ff9b::808:808]:8080":            "holds 8.8.8.8: port 8080 is not among those allowed",
		"[64:ff9b::7f00:1]:443":              "holds 127.0.0.1: loopback (RFC 1122)",
		"[64:ff9b::a9fe:a9fe]:80":            "holds 169.254.169.254: cloud metadata",
		"[64:ff9b::a01:1]:443":               "", // 10.1.0.1
		"[2002:7f00:1::]:443":                "holds 127.0.0.1: loopback (RFC 1122)",
		"[2002:808:808::]:443":               "",
		"[2001:0:808:808:0:0:80ff:fffe]:443": "holds 127.0.0.1: loopback (RFC 1122)", // the client's address, turned
		"[2001:0:7f00:1::f7f7:f7f7]:443":     "holds 127.0.0.1: loopback (RFC 1122)", // the server's
		"[2001:0:808:808::f7f7:f7f7]:443":    "",
	} {
		err := guard.Check(netip.MustParseAddrPort(text))
		reason := ""
		if denied, ok := errors.AsType[*egress.DeniedError](err); ok {
			reason = denied.Reason
		}
		if reason != want {
			t.Errorf("%s: %q, want %q", text, reason, want)
		}
	}
}

func TestMistakesInTheConfigurationNameTheirKey(t *testing.T) {
	for key, config := range map[string]egress.Config{
		"ports":         {Ports: []int{443, 0}},
		"allow.0.cidr":  {Allow: []egress.Allow{{CIDR: "10.0.0.0/33"}}},
		"allow.1.cidr":  {Allow: []egress.Allow{{CIDR: "10.0.0.0/8"}, {CIDR: "10.1.0.0/8"}}},
		"allow.0.ports": {Allow: []egress.Allow{{CIDR: "10.0.0.1", Ports: []int{65536}}}},
		"deny.0":        {Deny: []string{"example.com"}},
		"deny.1":        {Deny: []string{"10.0.0.1", "::ffff:10.0.0.0/104"}},
		"deny.2":        {Deny: []string{"10.0.0.1", "fd00::/8", "fe80::1%eth0"}},
	} {
		mistake, ok := errors.AsType[*connector.ConfigError](config.Validate())
		if !ok || mistake.Key != key || mistake.Cure == "" {
			t.Errorf("%+v: %v, want a mistake at %s with a cure", config, config.Validate(), key)
		}
	}
}

// last returns the last address of a range.
func last(prefix netip.Prefix) netip.Addr { return fill(prefix, prefix.Bits()) }

// middle returns the address of a range that has its first free bit clear and all others set.
func middle(prefix netip.Prefix) netip.Addr { return fill(prefix, prefix.Bits()+1) }

func fill(prefix netip.Prefix, from int) netip.Addr {
	bytes := prefix.Addr().AsSlice()
	for bit := from; bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	ip, _ := netip.AddrFromSlice(bytes)
	return ip
}
