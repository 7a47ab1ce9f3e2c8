package apps

import (
	"cmp"

	"latchkey/storage"
	"latchkey/storage/policy"
)

// Lifetimes are those in force for the client: its own where it has any, else those
// of the settings.
func (c *Client) Lifetimes(l policy.Lifetimes) policy.Lifetimes {
	m := &c.Metadata
	l.AccessToken = cmp.Or(m.AccessTokenLifetime, l.AccessToken)
	l.IDToken = cmp.Or(m.IDTokenLifetime, l.IDToken)
	l.RefreshIdle = cmp.Or(m.RefreshTokenIdle, l.RefreshIdle)
	l.RefreshAbsolute = cmp.Or(m.RefreshTokenLifetime, l.RefreshAbsolute)
	return l
}

// validateLifetimes holds a client's own lifetimes to the bounds of the settings.
func (m *Metadata) validateLifetimes() error {
	for _, v := range []struct {
		field       string
		n, min, max uint32
	}{
		{"access_token_lifetime", m.AccessTokenLifetime, 60, 86400},
		{"id_token_lifetime", m.IDTokenLifetime, 60, 86400},
		{"refresh_token_idle", m.RefreshTokenIdle, 300, 400 * 86400},
		{"refresh_token_lifetime", m.RefreshTokenLifetime, 300, 3660 * 86400},
	} {
		if v.n != 0 && (v.n < v.min || v.n > v.max) {
			return storage.Invalidf(v.field, "must be %d to %d seconds, or 0 for the setting, not %d", v.min, v.max,
				v.n)
		}
	}
	return nil
}
