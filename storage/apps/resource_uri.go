package apps

import (
	"net/url"
	"strings"

	"latchkey/storage"
)

const maxIdentifier = 512

// validIdentifier follows RFC 8707 section 2: an absolute URI without a fragment, of
// any scheme, in the one spelling that comparing byte by byte needs (RFC 3986 section
// 6.2.2.1). The provider's own name is not a resource's.
func (a *Apps) validIdentifier(s string) error {
	const field = "identifier"
	if len(s) > maxIdentifier {
		return storage.Invalidf(field, "must be at most %d bytes long", maxIdentifier)
	}
	if err := ResourceURI(s); err != nil {
		return storage.Invalidf(field, "%v", err)
	}
	if SameIdentifier(s, a.Policy.Issuer) {
		return storage.Invalidf(field, "must not be the issuer: a token for one would pass for a token for the other")
	}
	return nil
}

// ResourceURI refuses what no resource can be called. The reason is fit to be shown.
func ResourceURI(s string) error {
	if err := plainBytes(s); err != nil {
		return err
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme == "":
		return uriFault("must be an absolute URI, like https://api.example.org")
	case strings.Contains(s, "#"):
		return uriFault("must have no fragment (RFC 8707 section 2)")
	case u.User != nil:
		return uriFault("must have no user information")
	case u.Opaque == "" && u.Host == "" && u.Path == "", (u.Scheme == "https" || u.Scheme == "http") && u.Host == "":
		return uriFault("must name something after its scheme, like https://api.example.org")
	case !strings.HasPrefix(s, u.Scheme+":") || u.Host != strings.ToLower(u.Host):
		return uriFault("must have its scheme and host in lower case")
	case u.Host == "":
		return nil
	}
	return plainHost(u)
}

// canonicalIdentifier is what identifiers are compared by: they are compared byte by
// byte, save that an empty path is the path / (RFC 3986 section 6.2.3), since
// libraries write the one for the other.
func canonicalIdentifier(s string) string {
	for _, scheme := range []string{"https://", "http://"} {
		if rest, ok := strings.CutPrefix(s, scheme); ok && rest != "" && !strings.ContainsAny(rest, "/?#") {
			return s + "/"
		}
	}
	return s
}

// SameIdentifier reports whether both name the same resource.
func SameIdentifier(a, b string) bool { return canonicalIdentifier(a) == canonicalIdentifier(b) }
