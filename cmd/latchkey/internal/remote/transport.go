package remote

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"
)

// connectMost is how long a connection, and then its TLS handshake, may take.
const connectMost = 10 * time.Second

// newTransport verifies certificates always. By http it connects to this machine
// alone, whatever a name resolves to, and by no proxy.
func newTransport(o Options) (*http.Transport, error) {
	d := &net.Dialer{Timeout: connectMost}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: d.DialContext, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: connectMost, ResponseHeaderTimeout: o.AnswerMost, IdleConnTimeout: time.Minute}
	if strings.HasPrefix(o.Issuer, "http://") {
		t.Proxy = nil
		d.Control = onThisMachine
	}
	if o.CAFile == "" {
		return t, nil
	}
	text, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("the certificates to trust cannot be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", o.CAFile)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool}
	return t, nil
}

// onThisMachine looks at an address after its name was resolved.
func onThisMachine(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err == nil && !at.Addr().Unmap().IsLoopback() {
		err = errors.New("by http only this machine is spoken to, and the name leads to " + at.Addr().String())
	}
	return err
}

// inWords is an error in words for people, which is still the one it was.
type inWords struct {
	words string
	error
}

func (e inWords) Error() string { return e.words }
func (e inWords) Unwrap() error { return e.error }

// plainly puts what can be wrong with a connection into words.
func plainly(err error) error {
	var dns *net.DNSError
	var unverified *tls.CertificateVerificationError
	var alert tls.AlertError
	var header tls.RecordHeaderError
	var late net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return inWords{"there is no host of that name", err}
	case errors.Is(err, syscall.ECONNREFUSED):
		return inWords{"nothing listens there: is the server running, and the port right?", err}
	case errors.As(err, &unverified):
		return inWords{certificateWords(unverified.Err), err}
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &header):
		return inWords{"it does not speak https there", err}
	case errors.As(err, &alert):
		return inWords{"it wants TLS otherwise: " + alert.Error(), err}
	case errors.As(err, &late) && late.Timeout():
		return inWords{"it did not answer in time", err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return inWords{"the connection broke off without an answer", err}
	}
	return inWords{"it cannot be reached: " + err.Error(), err}
}

func certificateWords(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "its certificate is from nobody who is trusted here: name the authority's with --ca"
	case errors.As(err, &name):
		return "its certificate is for another name: " + name.Error()
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate is not valid now: " + invalid.Error()
	}
	return "its certificate cannot be trusted: " + err.Error()
}
