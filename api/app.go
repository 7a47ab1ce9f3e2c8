package api

import (
	"strings"

	"latchkey/api/wire"
	"latchkey/storage/apps"
)

func storedMetadata(m wire.Metadata) apps.Metadata {
	v := m.Metadata
	v.Scopes = strings.Fields(m.Scope)
	return v
}

func metadataOf(m apps.Metadata) wire.Metadata {
	return wire.Metadata{Metadata: m, Scope: strings.Join(m.Scopes, " ")}
}

func clientOf(c *apps.Client) wire.Client {
	v := wire.Client{
		ClientID: c.ID, ClientIDIssuedAt: c.Created.Unix(), State: c.State, Revision: c.Revision,
		UpdatedAt: c.Updated, FirstParty: c.FirstParty, Metadata: metadataOf(c.Metadata),
	}
	for _, s := range c.Secrets {
		v.Secrets = append(v.Secrets, secretOf(s))
	}
	return v
}

func secretOf(s apps.Secret) wire.Secret {
	shown := wire.Secret{Last4: s.Last4, CreatedAt: s.Created, Imported: len(s.Imported) > 0}
	if !s.Expires.IsZero() {
		shown.ExpiresAt = &s.Expires
	}
	if !s.GuessableUntil.IsZero() && !shown.Imported {
		shown.GuessableUntil = &s.GuessableUntil
	}
	return shown
}

// withSecret is the client with a secret just made, which RFC 7591 section 3.2.1 wants
// accompanied by its expiry.
func withSecret(c wire.Client, secret string) wire.Client {
	if secret != "" {
		never := int64(0)
		c.ClientSecret, c.ClientSecretExpiresAt = secret, &never
	}
	return c
}
