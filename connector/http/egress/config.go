package egress

import (
	"fmt"
	"net/netip"

	"github.com/acktor/acktor/connector"
)

// Config configures a Guard. Its zero value lets connections go to all public addresses, at any port.
type Config struct {
	Allow []Allow  `config:"allow" doc:"Addresses that may be reached although they are not public." example:"[{cidr: 10.1.0.0/16, ports: [443]}]"`
	Deny  []string `config:"deny" doc:"Addresses that must not be reached although they are public, as CIDR: your own, for instance. It counts more than allow." example:"[198.51.100.0/24]"`
	Ports []int    `config:"ports" min:"1" max:"65535" doc:"The ports that may be reached at public addresses. Empty: any." example:"[80, 443]"`

	LeftToProxy bool `config:"left_to_proxy" default:"false" doc:"What goes through a proxy is judged by the proxy alone. Without this, a proxy is refused wherever addresses are to be judged."`
}

// Allow is a range of addresses.
type Allow struct {
	CIDR  string `config:"cidr,required" doc:"The range, or one address." example:"10.1.0.0/16"`
	Ports []int  `config:"ports" min:"1" max:"65535" doc:"The ports that may be reached there. Empty: any." example:"[443]"`
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (c *Config) Validate() error {
	_, err := c.Guard()
	return err
}

// Guard makes the Guard. The error is a *connector.ConfigError.
func (c *Config) Guard() (*Guard, error) {
	g := New()
	var err error
	if g.ports, err = readPorts("ports", c.Ports); err != nil {
		return nil, err
	}
	for i, allow := range c.Allow {
		key := fmt.Sprintf("allow.%d", i)
		e := exception{}
		if e.prefix, err = readRange(key+".cidr", allow.CIDR); err != nil {
			return nil, err
		}
		if e.ports, err = readPorts(key+".ports", allow.Ports); err != nil {
			return nil, err
		}
		g.allow = append(g.allow, e)
	}
	for i, text := range c.Deny {
		prefix, err := readRange(fmt.Sprintf("deny.%d", i), text)
		if err != nil {
			return nil, err
		}
		g.deny = append(g.deny, prefix)
	}
	return g, nil
}

// readRange reads a CIDR or one address. Bits behind the prefix are a mistake: the range would be another than it seems.
func readRange(key, text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" && !address.Is4In6() {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return prefix, &connector.ConfigError{Key: key, Text: fmt.Sprintf("%q is not a range of addresses", text), Cure: "write for example 10.1.0.0/16, fd00:1::/32 or 10.1.2.3"}
	case prefix.Addr().Is4In6():
		return prefix, &connector.ConfigError{Key: key, Text: fmt.Sprintf("%q is an IPv4 range in the form of IPv6", text), Cure: "write it as IPv4, such as 10.1.0.0/16"}
	case prefix.Masked() != prefix:
		return prefix, &connector.ConfigError{Key: key, Text: fmt.Sprintf("%q has bits behind its prefix", text), Cure: "write " + prefix.Masked().String() + " or the one address " + prefix.Addr().String()}
	}
	return prefix, nil
}

func readPorts(key string, numbers []int) ([]uint16, error) {
	var ports []uint16
	for _, number := range numbers {
		if number < 1 || number > 65535 {
			return nil, &connector.ConfigError{Key: key, Text: fmt.Sprintf("%d is not a port", number), Cure: "write a number from 1 to 65535"}
		}
		ports = append(ports, uint16(number))
	}
	return ports, nil
}
