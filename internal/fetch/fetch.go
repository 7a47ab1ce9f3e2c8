package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	maxTime = 5 * time.Second // for all of one fetch
	atOnce  = 16              // connections, in all
	perHost = 2
)

// Options of a client. The zero value fetches what is public.
type Options struct {
	// Allow are the operator's exceptions.
	Allow Allow
	// Loopback allows this machine's own addresses, by http too: for development.
	Loopback bool
	// Roots verify certificates; nil: those of the system.
	Roots *x509.CertPool
	// Resolver looks names up; nil: the system's.
	Resolver *net.Resolver
}

// Client fetches.
type Client struct {
	allow    Allow
	loopback bool
	resolver *net.Resolver
	http     http.Client
	turn     chan struct{}
}

// New makes a client.
func New(o Options) *Client {
	c := &Client{allow: o.Allow, loopback: o.Loopback, resolver: o.Resolver, turn: make(chan struct{}, atOnce)}
	c.http = http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{
			Proxy:                  nil, // one of the environment would make the connections, and judge no address
			DialContext:            c.dial,
			TLSClientConfig:        &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives:      true, // it comes back after minutes
			DisableCompression:     true, // what is large when unpacked is large when sent
			MaxConnsPerHost:        perHost,
			MaxResponseHeaderBytes: 16 << 10,
		},
	}
	return c
}

// Error is why something could not be fetched. Advice is for the developer who named
// the address, and holds nothing of our network; Cause is for the log.
type Error struct {
	Advice string
	Cause  error // nil: the advice says it all
}

func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Advice
	}
	return e.Advice + ": " + e.Cause.Error()
}

func (e *Error) Unwrap() error { return e.Cause }

func refuse(format string, args ...any) *Error { return &Error{Advice: fmt.Sprintf(format, args...)} }

// Get returns what is at an address, most bytes of it at most. Errors are *Error.
func (c *Client) Get(ctx context.Context, address string, most int64) ([]byte, error) {
	u, err := c.check(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, &Error{Advice: "too much is being fetched at once", Cause: ctx.Err()}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &Error{Advice: "it is no address", Cause: err}
	}
	r.Header.Set("Accept", "application/json, */*;q=0.5")
	r.Header.Set("User-Agent", "Latchkey")
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, unreached(err)
	}
	defer resp.Body.Close()
	return read(resp, most)
}

// check looks at what can be seen without a connection.
func (c *Client) check(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, refuse("it must be an address like https://app.example/keys")
	case u.User != nil || u.Fragment != "" || u.RawFragment != "":
		return nil, refuse("it must hold neither user information nor a fragment")
	case u.Scheme == "http" && c.loopback && isLoopback(u.Hostname()):
	case u.Scheme != "https":
		return nil, refuse("it must use https")
	}
	return u, nil
}

func read(resp *http.Response, most int64) ([]byte, error) {
	switch s := resp.StatusCode; {
	case s >= 300 && s < 400:
		return nil, refuse("it answers with a redirect (%d), which is not followed: register the address that it leads to", s)
	case s != http.StatusOK:
		return nil, refuse("it answers with status %d instead of 200", s)
	case resp.ContentLength > most:
		return nil, refuse("it answers with more than %d bytes", most)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, unreached(err)
	}
	if int64(len(body)) > most {
		return nil, refuse("it answers with more than %d bytes", most)
	}
	return body, nil
}

// unreached says of a failed exchange what its developer can do about it.
func unreached(err error) *Error {
	var told *Error
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout interface{ Timeout() bool }
	// The outer error repeats the address.
	cause := err
	if outer := (*url.Error)(nil); errors.As(err, &outer) {
		cause = outer.Err
	}
	switch {
	case errors.As(err, &told):
		return told
	case errors.As(err, &name):
		return &Error{Advice: "its host has no address", Cause: cause}
	case errors.As(err, &certificate):
		return &Error{Advice: "its certificate cannot be verified", Cause: cause}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &Error{Advice: fmt.Sprintf("it did not answer within %v", maxTime), Cause: cause}
	}
	return &Error{Advice: "it cannot be reached", Cause: cause}
}
