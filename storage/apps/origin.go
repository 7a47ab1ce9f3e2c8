package apps

import (
	"context"
	"slices"
	"strings"

	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// mostOrigin is more bytes than any origin has: a host name has 253 at most. A key must
// not grow beyond what the engine takes.
const mostOrigin = 300

// anyPort ends the index key of a loopback origin whose port the client may choose.
const anyPort = ":*"

// origins are the origins of the redirect URIs of a live client, as browsers write them:
// scripts come from where people return to. Other schemes have no origin of their own
// (WHATWG URL Standard section 4.7).
func (c *Client) origins() (all []string) {
	if !c.Live() {
		return nil
	}
	for _, uri := range c.Metadata.RedirectURIs {
		origin := originOf(uri)
		if bare, ok := withoutLoopbackPort(uri); ok && c.Metadata.isNative() {
			origin = originOf(bare) + anyPort // as AllowsRedirect takes it
		}
		if origin != "" && len(origin) <= mostOrigin && !slices.Contains(all, origin) {
			all = append(all, origin)
		}
	}
	return all
}

// originOf returns the origin of an http or https URI; "": it has none.
func originOf(uri string) string {
	u, err := strictURI(uri)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		return "https://" + strings.TrimSuffix(host, ":443")
	case "http":
		return "http://" + strings.TrimSuffix(host, ":80")
	}
	return ""
}

// HasOrigin reports whether a redirect URI of a live client has this origin, which is
// that of a browser's Origin header.
func (s Clients) HasOrigin(ctx context.Context, origin string) (bool, error) {
	if len(origin) > mostOrigin {
		return false, nil
	}
	registered := []string{origin}
	if bare, ok := withoutLoopbackPort(origin); ok {
		registered = append(registered, bare+anyPort)
	}
	return table.View(ctx, s.apps.DB, func(r kv.Reader) (bool, error) {
		for _, o := range registered {
			prefix := append([]byte{table.SpaceClientsByOrigin}, table.Key{}.Str(o)...)
			if pairs, err := r.Scan(kv.Range{Prefix: prefix, Limit: 1}); err != nil || len(pairs) > 0 {
				return err == nil, err
			}
		}
		return false, nil
	})
}
