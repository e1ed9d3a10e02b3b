//go:build !unix

package http

import "syscall"

// seesTheEnd says that a connection can be asked whether the peer has closed it.
const seesTheEnd = false

type endProbe struct{ raw syscall.RawConn }

func (p *endProbe) quietly() bool { return true }
