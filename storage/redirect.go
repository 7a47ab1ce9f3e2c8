package storage

import (
	"slices"
	"strings"
)

// Schemes that a browser runs or renders, or that start another program than the
// app's own, instead of handing the code to the app.
var deniedSchemes = []string{
	"about", "blob", "chrome", "data", "file", "filesystem", "ftp", "intent", "jar", "javascript", "mailto", "mhtml",
	"resource", "sms", "tel", "vbscript", "view-source", "ws", "wss",
}

// validRedirectURI applies the rules for registering one: absolute, and free of
// everything by which two parsers could read it differently. https; or http for
// loopback addresses and for confidential web clients (OpenID Connect Core section
// 3.1.2.1); or, for native apps and public clients, a private scheme (RFC 8252
// section 7.1).
func validRedirectURI(field, uri string, m *Metadata) error {
	u, err := strictURI(uri)
	if err != nil {
		return invalid(field, "%v: %q", err, uri)
	}
	switch {
	case slices.Contains(deniedSchemes, u.Scheme):
		return invalid(field, "must not use the scheme %s: %q", u.Scheme, uri)
	case u.Scheme == "https" || u.Scheme == "http":
		if u.Hostname() == "" {
			return invalid(field, "must name a host: %q", uri)
		}
		if u.Scheme == "http" && !isLoopback(u) && m.native() {
			return invalid(field, "must use https, since anybody on the way can read http: %q", uri)
		}
	case !m.native():
		return invalid(field, "must use https; a private scheme needs application_type native: %q", uri)
	}
	return nil
}

// native reports whether the client runs on the user's own device, where other
// programs may claim its redirect URIs (RFC 8252).
func (m *Metadata) native() bool {
	return m.ApplicationType == ApplicationNative || m.TokenEndpointAuthMethod == AuthMethodNone
}

// AsksEachTime reports whether an authorization that returns to uri needs the
// user's yes every time: the client cannot prove who it is there (RFC 8252
// section 8.6).
func (c *Client) AsksEachTime(uri string) bool {
	if c.Metadata.ApplicationType == ApplicationNative {
		return true
	}
	u, err := strictURI(uri)
	return !c.Confidential() && (err != nil || u.Scheme != "https")
}

// AllowsRedirect reports whether uri is a registered redirect URI: an exact string
// match (RFC 9700 section 4.1.3), save that native apps may use any port of a
// registered loopback IP literal (RFC 8252 section 7.3).
func (c *Client) AllowsRedirect(uri string) bool {
	if _, err := strictURI(uri); err != nil {
		return false
	}
	if slices.Contains(c.Metadata.RedirectURIs, uri) {
		return true
	}
	if !c.Metadata.native() {
		return false
	}
	sent, ok := withoutLoopbackPort(uri)
	if !ok {
		return false
	}
	return slices.ContainsFunc(c.Metadata.RedirectURIs, func(registered string) bool {
		have, ok := withoutLoopbackPort(registered)
		return ok && have == sent
	})
}

// AllowsPostLogout reports whether uri is a registered post-logout redirect URI: an
// exact string match (OpenID Connect RP-Initiated Logout 1.0 section 3).
func (c *Client) AllowsPostLogout(uri string) bool {
	return slices.Contains(c.Metadata.PostLogoutRedirectURIs, uri)
}

// withoutLoopbackPort cuts the port out of http://127.0.0.1[:port]… and
// http://[::1][:port]…, and leaves every other byte as it is.
func withoutLoopbackPort(uri string) (string, bool) {
	for _, origin := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, ok := strings.CutPrefix(uri, origin)
		if !ok {
			continue
		}
		if port, ok := strings.CutPrefix(rest, ":"); ok {
			rest = strings.TrimLeft(port, "0123456789")
			if !validPort(port[:len(port)-len(rest)]) {
				return "", false
			}
		}
		if rest != "" && rest[0] != '/' && rest[0] != '?' {
			return "", false // 127.0.0.1.evil.example
		}
		return origin + rest, true
	}
	return "", false
}
