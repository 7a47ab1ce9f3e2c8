package apps

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Schemes that a browser runs or renders, or that start another program than the
// app's own, instead of handing the code to the app.
var deniedSchemes = []string{
	"about", "afp", "blob", "callto", "chrome", "chrome-extension", "chrome-untrusted", "content", "data",
	"devtools", "edge",
	"facetime", "facetime-audio", "file", "filesystem", "ftp", "hcp", "intent", "itms", "itms-apps",
	"itms-services", "its", "jar",
	"javascript", "jnlp", "ldap", "ldaps", "mailto", "mhtml", "microsoft-edge", "mk", "moz-extension", "ms-access",
	"ms-appinstaller", "ms-cxh", "ms-excel", "ms-infopath", "ms-its", "ms-msdt", "ms-officecmd", "ms-powerpoint",
	"ms-project",
	"ms-publisher", "ms-search", "ms-settings", "ms-spd", "ms-visio", "ms-word", "nfs", "rdp", "res", "resource",
	"safari-extension", "safari-web-extension", "search", "search-ms", "sftp", "shell", "sip", "sips", "smb", "sms",
	"ssh", "tel",
	"telnet", "vbscript", "view-source", "vnc", "ws", "wss",
}

// responseParameters are those that an authorization response brings (RFC 6749
// sections 4.1.2 and 4.2.2, RFC 9207 section 2, OpenID Connect Core section 3.2.2.5,
// Session Management 1.0 section 2, JARM section 2.3). Of two values an app may take
// the one that was registered.
var responseParameters = []string{
	"code", "state", "iss", "error", "error_description", "error_uri", "id_token", "access_token", "token_type",
	"expires_in",
	"session_state", "response",
}

// signedOutParameters are those that the way back after a sign-out brings (RP-Initiated
// Logout 1.0 section 3).
var signedOutParameters = []string{"state"}

// responseParameterIn is a parameter in the URI's query which the answer brings too;
// "": there is none.
func responseParameterIn(uri string, answer []string) string {
	_, query, _ := strings.Cut(uri, "?")
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil && slices.Contains(answer, decoded) {
			return decoded
		}
	}
	return ""
}

// checkWhatDiffers applies the rules that are younger than some stored clients to what
// differs from what is stored: a name that can be seen, and redirect URIs without a
// parameter that the answer brings.
func (a *Apps) checkWhatDiffers(r kv.Reader, c *Client) error {
	old, err := a.Clients.Get(r, table.Key{}.Str(c.ID))
	if err != nil {
		return err
	}
	if old == nil {
		old = &Client{}
	}
	if err := storage.VisibleChange("client_name", old.Metadata.ClientName, c.Metadata.ClientName); err != nil {
		return err
	}
	for _, f := range []struct {
		field     string
		uris, had []string
		answer    []string
	}{
		{"redirect_uris", c.Metadata.RedirectURIs, old.Metadata.RedirectURIs, responseParameters},
		{"post_logout_redirect_uris", c.Metadata.PostLogoutRedirectURIs, old.Metadata.PostLogoutRedirectURIs,
			signedOutParameters},
	} {
		for _, uri := range f.uris {
			if name := responseParameterIn(uri, f.answer); name != "" && !slices.Contains(f.had, uri) {
				return storage.Invalidf(f.field, "must not hold the parameter %s, which the answer brings: %q",
					name, uri)
			}
		}
	}
	return nil
}

// RedirectURIWarnings are sentences on redirect URIs that do not do what somebody may
// expect of them, or could not be registered today.
func (m *Metadata) RedirectURIWarnings() (warnings []string) {
	for _, f := range []struct{ uris, answer []string }{
		{m.RedirectURIs, responseParameters}, {m.PostLogoutRedirectURIs, signedOutParameters},
	} {
		for _, uri := range f.uris {
			warnings = append(warnings, redirectWarnings(uri, f.answer)...)
		}
	}
	return warnings
}

func redirectWarnings(uri string, answer []string) (warnings []string) {
	scheme, _, _ := strings.Cut(uri, ":")
	if slices.Contains(deniedSchemes, strings.ToLower(scheme)) {
		warnings = append(warnings, fmt.Sprintf("%s has the scheme %s, to which no answer is sent", uri, scheme))
	}
	if name := responseParameterIn(uri, answer); name != "" {
		warnings = append(warnings, fmt.Sprintf("%s holds the parameter %s, which the answer brings too: "+
			"the app may take the wrong one", uri, name))
	}
	if strings.Contains(uri, "*") {
		warnings = append(warnings, fmt.Sprintf("%s holds a *, which is taken as text: it stands for nothing else",
			uri))
	}
	return warnings
}

// validRedirectURI applies the rules for registering one: absolute, and free of
// everything by which two parsers could read it differently. https; http for loopback
// addresses and for clients that authenticate (OpenID Connect Core section 3.1.2.1);
// or a private scheme (RFC 8252 section 7.1).
func validRedirectURI(field, uri string, m *Metadata) error {
	u, err := strictURI(uri)
	if err != nil {
		return storage.Invalidf(field, "%v: %q", err, uri)
	}
	switch {
	case slices.Contains(deniedSchemes, u.Scheme):
		return storage.Invalidf(field, "must not use the scheme %s: %q", u.Scheme, uri)
	case (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() == "":
		return storage.Invalidf(field, "must name a host: %q", uri)
	case u.Scheme == "http" && !isLoopback(u) && m.TokenEndpointAuthMethod == AuthMethodNone:
		return storage.Invalidf(field, "must use https for a client without a secret, since anybody on the way can read http: %q", uri)
	}
	return nil
}

// isNative reports whether the client runs on the user's own device, where other
// programs may claim its redirect URIs (RFC 8252).
func (m *Metadata) isNative() bool {
	return m.ApplicationType == ApplicationNative || m.TokenEndpointAuthMethod == AuthMethodNone
}

// AsksEachTime reports whether an authorization that returns to uri needs the
// user's yes every time: the client cannot prove who it is there (RFC 8252
// section 8.6).
func (c *Client) AsksEachTime(uri string) bool {
	return c.Metadata.ApplicationType == ApplicationNative || c.returnsToDevice(uri)
}

// NeedsPKCE reports whether an authorization that returns to uri needs PKCE: the
// client has no secret, or another program can get the code there (RFC 9700 section
// 2.1.1, RFC 8252 section 8.1), or its registration demands it.
func (c *Client) NeedsPKCE(uri string) bool {
	return !c.Confidential() || c.Metadata.RequirePKCE || c.returnsToDevice(uri)
}

// returnsToDevice reports whether an answer at uri goes to whatever program of the
// user's device has claimed a private scheme or a loopback port. The exception is a
// confidential web client all of whose addresses are on loopback: an app under
// development, which runs where its secret is.
func (c *Client) returnsToDevice(uri string) bool {
	u, err := strictURI(uri)
	switch {
	case err != nil:
		return true
	case u.Scheme == "https":
		return false
	case u.Scheme == "http" && !isLoopback(u):
		return !c.Confidential()
	case u.Scheme == "http":
		return c.Metadata.isNative() || slices.ContainsFunc(c.Metadata.RedirectURIs, leavesLoopback)
	default:
		return true
	}
}

// leavesLoopback reports whether a redirect URI is anything else than http on loopback.
func leavesLoopback(uri string) bool {
	u, err := strictURI(uri)
	return err != nil || u.Scheme != "http" || !isLoopback(u)
}

// AllowsRedirect reports whether uri is a registered redirect URI: an exact string
// match (RFC 9700 section 4.1.3), except that native apps and public clients may use
// any port of a registered loopback address (RFC 8252 section 7.3).
func (c *Client) AllowsRedirect(uri string) bool {
	if u, err := strictURI(uri); err != nil || slices.Contains(deniedSchemes, u.Scheme) {
		return false
	}
	return c.matchesRegistered(c.Metadata.RedirectURIs, uri)
}

// AllowsPostLogout reports whether uri is a registered post-logout redirect URI (OpenID
// Connect RP-Initiated Logout 1.0 section 3). It is compared as redirect URIs are: a
// program that listens on any free port comes back there as well.
func (c *Client) AllowsPostLogout(uri string) bool {
	return c.matchesRegistered(c.Metadata.PostLogoutRedirectURIs, uri)
}

// matchesRegistered reports whether uri is one of those registered.
func (c *Client) matchesRegistered(all []string, uri string) bool {
	if slices.Contains(all, uri) {
		return true
	}
	if !c.Metadata.isNative() {
		return false
	}
	sent, ok := withoutLoopbackPort(uri)
	if !ok {
		return false
	}
	return slices.ContainsFunc(all, func(one string) bool {
		have, ok := withoutLoopbackPort(one)
		return ok && have == sent
	})
}

// withoutLoopbackPort cuts the port out of http://127.0.0.1[:port]…,
// http://[::1][:port]… and http://localhost[:port]…, and leaves every other byte as it
// is. RFC 8252 section 8.3 advises against localhost; desktop programs and command
// lines that register it without a port, or with another one, are many.
func withoutLoopbackPort(uri string) (string, bool) {
	for _, origin := range []string{"http://127.0.0.1", "http://[::1]", "http://localhost"} {
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
