package admin

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// checkAddress refuses to listen where others could come in.
func checkAddress(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("admin: address %q is not host:port: write for example %s", address, DefaultAddress)
	}
	if !isLoopback(host) {
		return fmt.Errorf("admin: address %q is not a loopback address, and there is neither a token nor TLS to protect it: write for example %s and put a proxy with a login in front of it", address, DefaultAddress)
	}
	return nil
}

// isLoopback reports whether host, as it stands in an address or a Host header, can only mean this machine.
func isLoopback(host string) bool {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// loopbackOnly answers requests that name another host with 421 (RFC 9110, section 15.5.20).
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host // without a port
		}
		if !isLoopback(host) {
			problem{http.StatusMisdirectedRequest, "host", "this server answers for localhost only"}.write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ownSite refuses what the pages of other sites send. A browser names the page's origin; other clients name none.
func ownSite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" || !isOwnOrigin(r.Header.Values("Origin")) {
			problem{http.StatusForbidden, "origin", "this is not for the pages of other sites: send no Origin, or that of a page on a loopback address"}.write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isOwnOrigin(origins []string) bool {
	for _, origin := range origins {
		page, err := url.Parse(origin)
		if err != nil || page.Scheme != "http" && page.Scheme != "https" || !isLoopback(page.Hostname()) {
			return false
		}
	}
	return true
}
