package fetch

import "net/netip"

// special are the addresses that are not public (the IANA special-purpose address
// registries; RFC 6890): nobody else may have them spoken to from here.
var special = prefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private (RFC 1918)
	"100.64.0.0/10",   // behind carriers (RFC 6598)
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, where clouds keep their metadata
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.31.196.0/24", // AS112
	"192.52.193.0/24", // AMT
	"192.88.99.0/24",  // relays of 6to4
	"192.168.0.0/16",  // private
	"192.175.48.0/24", // AS112
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, and broadcast

	"2001::/23",         // protocol assignments, Teredo among them
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4: an IPv4 address in disguise, and obsolete (RFC 7526)
	"2620:4f:8000::/48", // AS112
	"3fff::/20",         // documentation
)

var (
	global = netip.MustParsePrefix("2000::/3") // all of IPv6 that is public
	nat64  = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(all ...string) (out []netip.Prefix) {
	for _, text := range all {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// public reports whether an address is one that anybody may reach. An IPv4 address
// that stands within an IPv6 one (mapped, or for translation by RFC 6052) is judged
// by itself; in any other disguise it is refused.
func public(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	return (a.Is4() || global.Contains(a)) && !within(a, special)
}

func within(a netip.Addr, all []netip.Prefix) bool {
	for _, p := range all {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
