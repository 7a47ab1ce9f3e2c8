package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/textutil"
)

// certificate is the configured one, read again when its files change, so that a
// renewal needs no restart.
type certificate struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]time.Time // of the files that current was read from
	looked  time.Time
}

// lookAgain is how often the files are looked at.
const lookAgain = 10 * time.Second

// tlsConfig is nil when no certificate is configured: then a proxy ends TLS, or
// the issuer is on localhost.
func tlsConfig(c *config.Config, log *slog.Logger) (*tls.Config, error) {
	if c.TLSCertificateFile == "" {
		return nil, nil
	}
	cert := &certificate{certFile: c.TLSCertificateFile, keyFile: c.TLSKeyFile, now: time.Now, log: log}
	if err := cert.read(); err != nil {
		return nil, fmt.Errorf("tls.certificate_file (%s): the certificate cannot be used: %w",
			c.Source("tls.certificate_file"), textutil.FileReason(err))
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: cert.get}, nil
}

// get answers with the newest certificate that could be read. One that cannot is
// a renewal in progress, or a mistake that must not end what works.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookAgain {
		c.looked = now
		if c.stamps() != c.stamp {
			if err := c.load(); err != nil {
				c.log.Warn("the new certificate cannot be used yet; the old one stays", "cause", err.Error())
			}
		}
	}
	return c.current, nil
}

func (c *certificate) read() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked = c.now()
	return c.load()
}

func (c *certificate) load() error {
	stamp := c.stamps() // before reading: a change meanwhile is seen next time
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.current, c.stamp = &pair, stamp
	return nil
}

func (c *certificate) stamps() (stamp [2]time.Time) {
	for i, path := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(path); err == nil {
			stamp[i] = info.ModTime()
		}
	}
	return stamp
}
