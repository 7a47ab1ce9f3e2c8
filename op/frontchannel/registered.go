package frontchannel

import (
	"net/url"
	"strings"
)

// almost says by what little a redirect URI differs from a registered one, which
// whoever sent it all but knows; "" if by more.
func NearRegistered(registered []string, sent string) string {
	for _, likeness := range []struct {
		by   string
		form func(string) string
	}{
		{"the slash at its end", func(s string) string { return strings.TrimSuffix(s, "/") }},
		{"http and https", func(s string) string { return strings.Replace(s, "https://", "http://", 1) }},
		{"localhost and 127.0.0.1, which are not the same here", ipv4Loopback},
		{"upper and lower case", strings.ToLower},
		{"its query", func(s string) string { before, _, _ := strings.Cut(s, "?"); return before }},
		{"its port", withoutPort},
		{"its port, and by localhost and 127.0.0.1, which are not the same here",
			func(s string) string { return ipv4Loopback(withoutPort(s)) }},
	} {
		for _, have := range registered {
			if likeness.form(have) == likeness.form(sent) {
				return "; a registered one differs only by " + likeness.by
			}
		}
	}
	return ""
}

// ipv4Loopback writes 127.0.0.1 for localhost.
func ipv4Loopback(uri string) string { return strings.Replace(uri, "//localhost", "//127.0.0.1", 1) }

func withoutPort(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Port() == "" {
		return uri
	}
	u.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
	return u.String()
}
