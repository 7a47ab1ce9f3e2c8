package edge

import (
	"net/http"
	"net/netip"
	"strings"
)

// parseXForwarded reads the X-Forwarded-* headers, nearest hop last. Some
// proxies append to -Proto and -Host as they do to -For, others overwrite them:
// lists of equal length belong together, otherwise the last value belongs to
// the nearest hop.
func parseXForwarded(h http.Header) []hop {
	fors := list(h, "X-Forwarded-For")
	protos := list(h, "X-Forwarded-Proto")
	hosts := list(h, "X-Forwarded-Host")
	if len(fors) == 0 {
		if len(protos)+len(hosts) == 0 {
			return nil
		}
		fors = []string{""}
	}
	hops := make([]hop, len(fors))
	for i, f := range fors {
		hops[i].addr = parseNode(f)
	}
	align(protos, len(hops), func(i int, v string) { hops[i].scheme = saneScheme(v) })
	align(hosts, len(hops), func(i int, v string) { hops[i].host = saneHost(v) })
	return hops
}

func align(values []string, hops int, put func(int, string)) {
	if len(values) == hops {
		for i, v := range values {
			put(i, v)
		}
		return
	}
	if len(values) > 0 {
		put(hops-1, values[len(values)-1])
	}
}

func list(h http.Header, name string) []string {
	joined := strings.Join(h.Values(name), ",")
	if strings.TrimSpace(joined) == "" {
		return nil
	}
	parts := strings.Split(joined, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// parseForwarded reads the Forwarded header of RFC 7239 section 4, nearest hop
// last. Parameters it cannot read are left out; the element stays, so that the
// order of hops is kept.
func parseForwarded(value string) []hop {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	var hops []hop
	for _, element := range splitQuoted(value, ',') {
		var h hop
		for _, pair := range splitQuoted(element, ';') {
			name, text, _ := strings.Cut(pair, "=")
			text = unquote(strings.TrimSpace(text))
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "for":
				h.addr = parseNode(text)
			case "proto":
				h.scheme = saneScheme(text)
			case "host":
				h.host = saneHost(text)
			}
		}
		hops = append(hops, h)
	}
	return hops
}

// splitQuoted splits at sep outside of quoted strings.
func splitQuoted(s string, sep byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	return strings.ReplaceAll(s[1:len(s)-1], `\`, "")
}

// parseNode reads a node: an address, an address with a port, or either with
// IPv6 in brackets. "unknown" and "_hidden" give the zero Addr.
func parseNode(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

func saneScheme(s string) string {
	if s = strings.ToLower(s); s == "http" || s == "https" {
		return s
	}
	return ""
}

func saneHost(s string) string {
	if len(s) > 255 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		ok := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte("-._:[]", c) >= 0
		if !ok {
			return ""
		}
	}
	return s
}
