package egress_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/acktor/acktor/connector/http/egress"
)

// TestNoSpellingOfLoopbackConnects really dials. Names go to a resolver that finds all of them at 127.0.0.1. Short, decimal and
// octal addresses go to that of the system: Go's knows no such host, the C library's (GODEBUG=netdns=cgo) finds 127.0.0.1 as well.
func TestNoSpellingOfLoopbackConnects(t *testing.T) {
	listener, port := listen(t)
	for _, c := range []struct {
		resolver *net.Resolver
		hosts    []string
		orNoHost bool
	}{
		{resolver: resolver([4]byte{127, 0, 0, 1}), hosts: []string{
			"127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "localhost", "localhost.", "sub.localhost", "loopback.example",
			"0x7f000001", "0x7f.0x0.0x0.0x1",
			"[::1]", "[0:0:0:0:0:0:0:1]", "[::0001]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]",
			"[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]",
			"[2001:0:7f00:1::80ff:fffe]", "[::1%25lo]",
		}},
		{orNoHost: true, hosts: []string{
			"127.1", "127.0.1", "2130706433", "0177.0.0.1", "017700000001", "127.0.0.01", "0", "00",
		}},
	} {
		client := clientOf(&net.Dialer{ControlContext: egress.New().ControlContext, Resolver: c.resolver})
		for _, host := range c.hosts {
			response, err := client.Get("http://" + host + ":" + port + "/")
			if err == nil {
				_ = response.Body.Close()
			}
			_, denied := errors.AsType[*egress.DeniedError](err)
			_, noHost := errors.AsType[*net.DNSError](err)
			if !denied && !(noHost && c.orNoHost) {
				t.Errorf("%s: %v", host, err)
			}
		}
	}
	expectNoConnection(t, listener)
}

// A name that is public when it is looked at first, and private when it is connected to.
func TestANameThatChangesItsMeaningIsJudgedByWhatIsDialled(t *testing.T) {
	listener, port := listen(t)
	guard := egress.New()
	rebinding := resolver([4]byte{93, 184, 216, 34}, [4]byte{127, 0, 0, 1})
	before, err := rebinding.LookupNetIP(t.Context(), "ip4", "rebind.example")
	if err != nil {
		t.Fatal(err)
	}
	number, _ := strconv.Atoi(port)
	if err := guard.Check(netip.AddrPortFrom(before[0].Unmap(), uint16(number))); err != nil {
		t.Fatalf("the first address is denied: %v", err)
	}
	dialer := net.Dialer{ControlContext: guard.ControlContext, Resolver: rebinding}
	conn, err := dialer.DialContext(t.Context(), "tcp", net.JoinHostPort("rebind.example", port))
	if err == nil {
		_ = conn.Close()
	}
	if _, ok := errors.AsType[*egress.DeniedError](err); !ok {
		t.Errorf("%v", err)
	}
	expectNoConnection(t, listener)
}

func TestARedirectIsJudgedAsWell(t *testing.T) {
	inside, port := listen(t)
	outside, outsidePort := listen(t)
	number, _ := strconv.Atoi(outsidePort)
	config := egress.Config{Allow: []egress.Allow{{CIDR: "127.0.0.1", Ports: []int{number}}}}
	guard, err := config.Guard()
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.RedirectHandler("http://127.0.0.1:"+port+"/", http.StatusFound)}
	go func() { _ = server.Serve(outside) }()
	defer func() { _ = server.Close() }()
	client := clientOf(&net.Dialer{ControlContext: guard.ControlContext})
	defer client.CloseIdleConnections()
	response, err := client.Get("http://127.0.0.1:" + outsidePort + "/")
	if err == nil {
		_ = response.Body.Close()
	}
	if denied, ok := errors.AsType[*egress.DeniedError](err); !ok || strconv.Itoa(int(denied.Address.Port())) != port {
		t.Errorf("%v", err)
	}
	expectNoConnection(t, inside)
}

func TestWhatIsAllowedConnects(t *testing.T) {
	listener, port := listen(t)
	config := egress.Config{Allow: []egress.Allow{{CIDR: "127.0.0.0/8"}}}
	guard, err := config.Guard()
	if err != nil {
		t.Fatal(err)
	}
	dialer := net.Dialer{ControlContext: guard.ControlContext}
	conn, err := dialer.DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = accepted.Close()
}

func clientOf(dialer *net.Dialer) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
}

// listen opens a port for IPv4 and, where the machine has it, IPv6. Nothing accepts but expectNoConnection.
func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return listener, port
}

// expectNoConnection makes one connection of its own: connections are accepted in the order in which they came, so that another
// would come before it.
func expectNoConnection(t *testing.T, listener net.Listener) {
	t.Helper()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	own, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = own.Close() }()
	first, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	if first.RemoteAddr().(*net.TCPAddr).Port != own.LocalAddr().(*net.TCPAddr).Port {
		t.Errorf("a connection was made, from %s", first.RemoteAddr())
	}
}

// resolver answers every question for IPv4 with the addresses in turn, the last one for ever, and has none for IPv6.
func resolver(addresses ...[4]byte) *net.Resolver {
	next := make(chan [4]byte, len(addresses))
	for _, address := range addresses {
		next <- address
	}
	last := addresses[len(addresses)-1]
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answer(server, func() [4]byte {
			select {
			case address := <-next:
				return address
			default:
				return last
			}
		})
		return client, nil
	}}
}

// answer speaks DNS over TCP: two bytes of length before each message (RFC 1035, section 4.2.2).
func answer(conn net.Conn, address func() [4]byte) {
	defer func() { _ = conn.Close() }()
	var size [2]byte
	for {
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		var message dnsmessage.Message
		if err := message.Unpack(query); err != nil {
			return
		}
		message.Response, message.Additionals = true, nil
		if q := message.Questions[0]; q.Type == dnsmessage.TypeA {
			header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
			message.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: address()}}}
		}
		reply, err := message.AppendPack(make([]byte, 2, 512))
		if err != nil {
			return
		}
		binary.BigEndian.PutUint16(reply, uint16(len(reply)-2))
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}
