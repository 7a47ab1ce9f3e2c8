package api

import (
	"strings"
	"time"

	"latchkey/storage/apps"
)

// Metadata is what can be written of a client, named as in RFC 7591 section 2
// and OpenID Connect Registration section 2.
type Metadata struct {
	apps.Metadata
	Scope string `json:"scope,omitempty" doc:"What the client may ask for, separated by spaces; default the standard scopes and groups"`
	// AllowedGroups shadows the stored ids.
	AllowedGroups []string `json:"allowed_groups,omitempty" doc:"Names of the groups whose members may use the client; none: everybody"`
}

func storedMetadata(m Metadata) apps.Metadata {
	v := m.Metadata
	v.Scopes = strings.Fields(m.Scope)
	return v
}

func metadataOf(m apps.Metadata) Metadata {
	return Metadata{Metadata: m, Scope: strings.Join(m.Scopes, " ")}
}

// NewClient is a client to be registered. One that the operator adds is
// approved. An empty ClientID gets a fresh one.
type NewClient struct {
	ClientID   string `json:"client_id,omitempty"`
	FirstParty bool   `json:"first_party,omitempty" doc:"The platform's own: it may have consent skip"`
	Metadata
}

// Client is a registered client as it is read, shaped like the client
// information response of RFC 7591 section 3.2.1.
type Client struct {
	ClientID string `json:"client_id"`
	// ClientSecret is there once: when it has just been made.
	ClientSecret          string           `json:"client_secret,omitempty" doc:"Only in the answer that made it"`
	ClientSecretExpiresAt *int64           `json:"client_secret_expires_at,omitempty" doc:"Seconds since 1970; 0: never. Beside client_secret only"`
	ClientIDIssuedAt      int64            `json:"client_id_issued_at" doc:"Seconds since 1970"`
	State                 apps.ClientState `json:"state"`
	Revision              uint64           `json:"revision" doc:"One more at every change"`
	UpdatedAt             time.Time        `json:"updated_at"`
	Secrets               []Secret         `json:"secrets,omitempty"`
	FirstParty            bool             `json:"first_party,omitempty"`
	Metadata
}

// Secret is what is known of a secret.
type Secret struct {
	Last4     string     `json:"last4,omitempty" doc:"Its last four characters"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Imported  bool       `json:"imported,omitempty" doc:"Imported as a hash and not used since: its characters are not known"`
	// GuessableUntil is there of secrets that could be guessed.
	GuessableUntil *time.Time `json:"guessable_until,omitempty" doc:"It could be guessed, and ends then"`
}

// Clients is a page of clients. Next goes on from here; empty at the end.
type Clients struct {
	Clients []Client `json:"clients"`
	Next    string   `json:"next,omitempty"`
}

func clientOf(c *apps.Client) Client {
	v := Client{
		ClientID: c.ID, ClientIDIssuedAt: c.Created.Unix(), State: c.State, Revision: c.Revision,
		UpdatedAt: c.Updated, FirstParty: c.FirstParty, Metadata: metadataOf(c.Metadata),
	}
	for _, s := range c.Secrets {
		v.Secrets = append(v.Secrets, secretOf(s))
	}
	return v
}

func secretOf(s apps.Secret) Secret {
	shown := Secret{Last4: s.Last4, CreatedAt: s.Created, Imported: len(s.Imported) > 0}
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
func withSecret(c Client, secret string) Client {
	if secret != "" {
		never := int64(0)
		c.ClientSecret, c.ClientSecretExpiresAt = secret, &never
	}
	return c
}
