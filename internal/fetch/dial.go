package fetch

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// Allow is what may be spoken to although it is not public: hosts by their name, and
// ranges of addresses.
type Allow struct {
	Hosts    []string // in lower case
	Prefixes []netip.Prefix
}

// ParseAllow reads exceptions as an operator writes them: host names, addresses, and
// ranges like 10.0.0.0/8.
func ParseAllow(texts []string) (Allow, error) {
	var all Allow
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			all.Prefixes = append(all.Prefixes, p.Masked())
			continue
		}
		if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
			a = a.Unmap()
			all.Prefixes = append(all.Prefixes, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		if !isName(text) {
			return Allow{}, fmt.Errorf("must be host names, addresses or ranges like 10.0.0.0/8, not %q", text)
		}
		all.Hosts = append(all.Hosts, strings.ToLower(text))
	}
	return all, nil
}

func isName(text string) bool {
	return text != "" && len(text) < 254 &&
		strings.Trim(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" &&
		strings.ContainsAny(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz") &&
		!strings.ContainsAny(text[:1]+text[len(text)-1:], "-.")
}

func (a Allow) host(name string) bool {
	for _, h := range a.Hosts {
		if strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}

// dial connects to a host, at the first of its addresses that may be spoken to.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Resolver: c.resolver, Control: func(_, address string, _ syscall.RawConn) error {
		return c.judge(host, address)
	}}
	return d.DialContext(ctx, network, address)
}

// judge looks at the address of a connection that is about to be made: after the
// look-up, so that nothing can change in between.
func (c *Client) judge(host, address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	a := at.Addr()
	switch {
	case isLoopback(host) && !a.Unmap().IsLoopback(): // and yet allowed by http
	case public(a), c.allow.host(host), within(a.Unmap(), c.allow.Prefixes), c.loopback && a.Unmap().IsLoopback():
		return nil
	}
	return &Error{Advice: "its host is not on the public internet: the operator may list it in outgoing_allow",
		Cause: fmt.Errorf("it resolves to %s", a)}
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}
