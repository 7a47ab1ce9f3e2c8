package storage

import (
	"context"
	"slices"
	"time"

	"latchkey/storage/kv"
)

// SkipsConsent reports whether nobody is asked what the client may have.
func (c *Client) SkipsConsent() bool { return c.FirstParty && c.Metadata.Consent == ConsentSkip }

// checkConsent keeps skip to clients that are the platform's own and can prove who
// they are wherever their answers go (RFC 8252 section 8.6).
func (c *Client) checkConsent() error {
	switch {
	case c.Metadata.Consent != ConsentSkip:
		return nil
	case !c.FirstParty:
		return invalid("consent", "can be skip for a first-party client only")
	case slices.ContainsFunc(c.Metadata.RedirectURIs, c.AsksEachTime):
		return invalid("consent", "must not be skip for a native app, nor for a public client without https")
	}
	return nil
}

// SetFirstParty says whether a client is the platform's own, in force at the very
// next call. Errors: ErrForbidden, ErrNotFound, *Invalid.
func (s Clients) SetFirstParty(ctx context.Context, by Actor, id string, own bool) (*Client, error) {
	return s.alter(ctx, by, id, ActClientChanged, func(_ kv.Txn, c *Client, _ time.Time) (string, error) {
		c.FirstParty = own
		if own {
			return "first party", c.checkConsent()
		}
		return "third party", c.checkConsent()
	})
}
