//go:build unix

package http

import "syscall"

// seesTheEnd says that a connection can be asked whether the peer has closed it.
const seesTheEnd = true

// endProbe looks at a connection that is idle. One goroutine at a time uses it.
type endProbe struct {
	raw   syscall.RawConn // nil: unknown
	look  func(fd uintptr) bool
	quiet bool
	into  [1]byte
}

// quietly reports whether a connection on which nothing is expected is open and says nothing. It does not wait. Only such
// a one may be used for another request: one that the peer has closed in the meantime would take it and lose it.
func (p *endProbe) quietly() bool {
	if p.raw == nil {
		return true
	}
	if p.look == nil {
		p.look = func(fd uintptr) bool {
			_, err := syscall.Read(int(fd), p.into[:])
			p.quiet = err == syscall.EAGAIN
			return true
		}
	}
	return p.raw.Read(p.look) == nil && p.quiet
}
