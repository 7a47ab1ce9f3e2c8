package edge

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the reverse proxies in front of this server. Only what they say
// about a request counts; from anyone else forwarding headers are ignored.
type Proxies struct {
	// Trusted are the addresses of the proxies.
	Trusted []netip.Prefix
	// Standard says that the proxies speak the Forwarded header of RFC 7239.
	// Otherwise X-Forwarded-For, -Proto and -Host are read. Never both: a
	// proxy that sets one of them passes on what a browser wrote in the other.
	Standard bool
}

// ParsePrefix reads an address ("192.0.2.7", "::1") or a range in CIDR notation
// ("10.0.0.0/8").
func ParsePrefix(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, t := range p.Trusted {
		if t.Contains(a) {
			return true
		}
	}
	return false
}

// origin is where a request came from.
type origin struct {
	addr         netip.Addr
	scheme, host string
	viaProxy     bool // the connection's peer is a trusted proxy
}

func (o origin) String() string {
	if !o.addr.IsValid() {
		return ""
	}
	return o.addr.String()
}

// hop is what one proxy said of the request it received.
type hop struct {
	addr         netip.Addr
	scheme, host string
}

// origin walks the forwarding headers from the nearest proxy outwards. Each
// entry was written by the address to its right, so it counts only while that
// address is trusted; the first address that is not is the client's.
func (p Proxies) origin(r *http.Request) origin {
	o := origin{addr: peer(r), scheme: "http", host: r.Host}
	if r.TLS != nil {
		o.scheme = "https"
	}
	if !p.trusts(o.addr) {
		return o
	}
	o.viaProxy = true
	hops := p.hops(r.Header)
	for i := len(hops) - 1; i >= 0 && p.trusts(o.addr); i-- {
		h := hops[i]
		if h.scheme != "" {
			o.scheme = h.scheme
		}
		if h.host != "" {
			o.host = h.host
		}
		if !h.addr.IsValid() { // unknown or hidden: the proxy is all we know
			break
		}
		o.addr = h.addr
	}
	return o
}

func (p Proxies) hops(h http.Header) []hop {
	if p.Standard {
		return parseForwarded(strings.Join(h.Values("Forwarded"), ","))
	}
	return parseXForwarded(h)
}

// peer returns the address at the other end of the connection, or the zero
// Addr when it is not an IP one.
func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
