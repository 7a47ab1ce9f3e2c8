package limit

import "net/netip"

// Prefixes returns the networks that an address counts under, the widest first. Whoever
// has one address of an IPv6 network has all of a /64 (RFC 4291 section 2.5.4), a
// household often has a /56 and an organisation a /48 (RFC 6177 section 2). Of IPv4 it
// is the address and its /24. It returns nil for the zero Addr and for this machine's own
// addresses: there it is the operator, or a proxy that is not trusted, which makes one
// address of all callers.
func Prefixes(a netip.Addr) []netip.Prefix {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || a.IsLoopback() {
		return nil
	}
	bits := []int{48, 56, 64}
	if a.Is4() {
		bits = []int{24, 32}
	}
	out := make([]netip.Prefix, len(bits))
	for i, n := range bits {
		out[i], _ = a.Prefix(n) // an address has more bits than that
	}
	return out
}
