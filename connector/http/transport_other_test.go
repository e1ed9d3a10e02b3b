//go:build !linux

package http

import (
	"errors"
	"net"
)

func listenWithoutQueue() (net.Listener, error) { return nil, errors.ErrUnsupported }
