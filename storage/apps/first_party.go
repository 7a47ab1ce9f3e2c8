package apps

import (
	"context"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// SkipsConsent reports whether nobody is asked what the client may have.
func (c *Client) SkipsConsent() bool { return c.FirstParty && c.Metadata.Consent == ConsentSkip }

// checkConsent keeps skip to clients that are the platform's own, and from native and
// public ones that could not prove who they are (RFC 8252 section 8.6). A confidential
// web client asks on a private scheme or on loopback all the same: see AsksEachTime.
func (c *Client) checkConsent() error {
	switch {
	case c.Metadata.Consent != ConsentSkip:
		return nil
	case !c.FirstParty:
		return storage.Invalidf("consent", "can be skip for a first-party client only")
	case c.Metadata.isNative() && slices.ContainsFunc(c.Metadata.RedirectURIs, c.AsksEachTime):
		return storage.Invalidf("consent", "must not be skip for a native app, nor for a public client without https")
	}
	return nil
}

// MayHave reports whether a scope of the catalogue may be the client's at all. A
// first-party scope needs proof of who asks: a public client's id can be used by
// anybody (RFC 6749 section 10.2).
func (c *Client) MayHave(s *Scope) bool {
	return !s.FirstParty || c.FirstParty && c.Confidential()
}

// MayAsk reports whether the client may ask a person for a scope of the catalogue:
// its registration says so, or the scope is open to every client.
func (c *Client) MayAsk(s *Scope) bool {
	return (s.Open || c.Registered(s.Name)) && c.MayHave(s)
}

// MayOwn reports whether the client may have a scope by itself (RFC 6749 section 4.4).
// An open scope is what a person allows, so it is never a client's own.
func (c *Client) MayOwn(s *Scope) bool {
	return !s.Open && c.Registered(s.Name) && c.MayHave(s)
}

// Registered reports whether the client's registration names a scope.
func (c *Client) Registered(scope string) bool {
	return slices.Contains(c.Metadata.Scopes, scope)
}

// checkOwnScopes keeps first-party scopes to those who may have them.
func (a *Apps) checkOwnScopes(r kv.Reader, c *Client) error {
	for _, name := range c.Metadata.Scopes {
		sc, err := a.Scopes.Shared(r, table.Key{}.Str(name))
		if err != nil {
			return err
		}
		if sc != nil && !c.MayHave(sc) {
			return storage.Invalidf("scope",
				"must not hold %s: only a first-party client that authenticates may have it", name)
		}
	}
	return nil
}

// SetFirstParty says whether a client is the platform's own, in force at the very
// next call. One that has first-party scopes stays first-party until they are taken
// from it. Errors: ErrForbidden, ErrNotFound, *Invalid.
func (s Clients) SetFirstParty(ctx context.Context, by storage.Actor, id string, own bool) (*Client, error) {
	return s.alterClient(ctx, by, id, audit.ActClientChanged, func(tx kv.Txn, c *Client, _ time.Time) (string, error) {
		c.FirstParty = own
		if own {
			return "first party", c.checkConsent()
		}
		if err := s.apps.checkOwnScopes(tx, c); err != nil {
			return "", err
		}
		return "third party", c.checkConsent()
	})
}
