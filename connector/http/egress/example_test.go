package egress_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"github.com/acktor/acktor/connector/http/egress"
)

func ExampleGuard_ControlContext() {
	dialer := &net.Dialer{ControlContext: egress.New().ControlContext}
	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
	_, err := client.Get("http://169.254.169.254/latest/meta-data/")
	if denied, ok := errors.AsType[*egress.DeniedError](err); ok {
		fmt.Println(denied.Reason)
	}
	// Output: cloud metadata
}

func ExampleConfig() {
	config := egress.Config{Allow: []egress.Allow{{CIDR: "10.1.0.0/16", Ports: []int{443}}}}
	guard, err := config.Guard()
	if err != nil {
		panic(err)
	}
	for _, address := range []string{"10.1.2.3:443", "10.1.2.3:22", "10.2.0.1:443"} {
		fmt.Println(guard.Check(netip.MustParseAddrPort(address)))
	}
	// Output:
	// <nil>
	// egress: 10.1.2.3:22 is denied: port 22 is not among those allowed there
	// egress: 10.2.0.1:443 is denied: private (RFC 1918)
}
