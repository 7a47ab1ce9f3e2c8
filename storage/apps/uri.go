package apps

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

type uriFault string

func (f uriFault) Error() string { return string(f) }

// strictURI parses an absolute URI that holds only what every parser agrees on.
func strictURI(s string) (*url.URL, error) {
	if err := plainBytes(s); err != nil {
		return nil, err
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme == "":
		return nil, uriFault("must be an absolute URI")
	case strings.Contains(s, "#"):
		return nil, uriFault("must have no fragment (RFC 6749 section 3.1.2)")
	case u.User != nil:
		return nil, uriFault("must have no user information")
	case !strings.HasPrefix(s[len(u.Scheme):], ":/"):
		return nil, uriFault("must have a path that begins with /")
	}
	if u.Host == "" {
		return u, nil
	}
	return u, plainHost(u)
}

func plainBytes(s string) error {
	if len(s) > 2048 {
		return uriFault("must be at most 2048 bytes long")
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\\\"<>`", c) >= 0:
			return uriFault("must hold no spaces, control characters, backslashes, quotes or letters outside ASCII")
		case c == '%' && (len(s) < i+3 || !isHex(s[i+1]) || !isHex(s[i+2])):
			return uriFault("must have two hexadecimal digits after each %")
		}
	}
	return nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// plainHost refuses a host in any other form than a name of letters, digits, dots,
// hyphens and underscores, or an IP literal, with or without a port.
func plainHost(u *url.URL) error {
	host, port, hasPort := strings.Cut(u.Host, ":")
	plain := !strings.ContainsFunc(host, func(r rune) bool { return !isHostRune(r) })
	if strings.HasPrefix(u.Host, "[") {
		_, after, _ := strings.Cut(u.Host, "]")
		_, port, hasPort = strings.Cut(after, ":")
		plain = net.ParseIP(u.Hostname()) != nil
	}
	if !plain || hasPort && !validPort(port) {
		return uriFault("must have a plain host name or IP address, and a port of 1 to 65535 if any")
	}
	return nil
}

func isHostRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '_'
}

// validPort accepts a port in its one spelling: no leading zeros, not 0.
func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s == strconv.FormatUint(n, 10)
}

// isLoopback reports whether the URI names this machine by a loopback IP literal
// or by localhost.
func isLoopback(u *url.URL) bool {
	host := u.Hostname()
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
