package credential

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// Certificate is a certificate and its key that follow their files: when these change, the next handshake has the new ones.
// New files that cannot be read, or that do not belong together, leave the old certificate in force, until they change again. Any
// number of goroutines may use one.
type Certificate struct {
	cert, key string
	now       func() time.Time
	report    func(error)

	mu      sync.Mutex
	current *tls.Certificate
	checked time.Time
	state   [2]fileState
}

// fileState is what tells a changed file from one that has not changed.
type fileState struct {
	modified time.Time
	size     int64
	missing  bool
}

// checkEvery is how often the files are looked at, at most.
const checkEvery = time.Second

// LoadCertificate reads both files, which are in PEM form. Report is called when the certificate was replaced, with nil, and
// when a new one could not be; it may be nil, and must not use the Certificate. A nil now is time.Now.
func LoadCertificate(cert, key string, now func() time.Time, report func(error)) (*Certificate, error) {
	if now == nil {
		now = time.Now
	}
	if report == nil {
		report = func(error) {}
	}
	c := &Certificate{cert: cert, key: key, now: now, report: report, checked: now()}
	c.state = c.look()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", cert, err)
	}
	c.current = &pair
	return c, nil
}

// GetCertificate is for the field of that name of a server's tls.Config.
func (c *Certificate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.Current(), nil
}

// GetClientCertificate is for the field of that name of a client's tls.Config.
func (c *Certificate) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return c.Current(), nil
}

// Current returns the certificate in force. It looks at the files once a second at most.
func (c *Certificate) Current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if since := now.Sub(c.checked); since >= 0 && since < checkEvery {
		return c.current
	}
	c.checked = now
	state := c.look() // before reading: what changes while it is read is read again
	if state == c.state {
		return c.current
	}
	c.state = state
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		c.report(fmt.Errorf("certificate %s was not replaced: %w", c.cert, err))
		return c.current
	}
	c.current = &pair
	c.report(nil)
	return c.current
}

func (c *Certificate) look() [2]fileState {
	var state [2]fileState
	for i, name := range [...]string{c.cert, c.key} {
		info, err := os.Stat(name)
		if err != nil {
			state[i].missing = true
			continue
		}
		state[i] = fileState{modified: info.ModTime(), size: info.Size()}
	}
	return state
}
