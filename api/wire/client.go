package wire

import (
	"encoding/json"
	"time"

	"latchkey/storage/apps"
	"latchkey/storage/table"
)

// Metadata is what can be written of a client, named as in RFC 7591 section 2
// and OpenID Connect Registration section 2.
type Metadata struct {
	apps.Metadata
	Scope string `json:"scope,omitempty" doc:"What the client may ask for, separated by spaces; default the standard scopes and groups"`
	// AllowedGroups shadows the stored ids.
	AllowedGroups []string `json:"allowed_groups,omitempty" doc:"Names of the groups whose members may use the client; none: everybody"`
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

// ClientEntry is a client as another system has it.
type ClientEntry struct {
	ClientID     string           `json:"client_id"`
	ClientSecret string           `json:"client_secret,omitempty" writeOnly:"true" doc:"In plain text, 16 to 512 characters; none for a public client or one with private_key_jwt"`
	SecretHash   string           `json:"client_secret_hash,omitempty" writeOnly:"true" doc:"In place of client_secret, what the other system keeps of it: PBKDF2, bcrypt, argon2 or scrypt, in the notation of PHC, crypt or Django"`
	State        apps.ClientState `json:"state,omitempty" doc:"Default approved"`
	Metadata
}

// ClientImport is a part of a larger number of clients to be imported.
type ClientImport struct {
	// Clients are read one by one: what is wrong with one does not hold up the others.
	Clients         []json.RawMessage `json:"clients" maxItems:"20" nullable:"false" doc:"Each a ClientEntry"`
	Update          bool              `json:"update,omitempty" doc:"Change the clients whose client_id is known, rather than refuse them: what an entry does not name stays as it is"`
	ReplaceSecrets  bool              `json:"replace_secrets,omitempty" doc:"With update: let clients that have another secret than the entry names, or keys in place of one, have that one, which ends theirs at once"`
	AcceptGuessable bool              `json:"accept_guessable_secrets,omitempty" doc:"Accept secrets that could be guessed, for 30 days; without it they are refused, those that come as a hash at their first use"`
	DryRun          bool              `json:"dry_run,omitempty" doc:"Say what would happen, and change nothing"`
}

// ClientImported says what became of each client, in the order they came in.
type ClientImported struct {
	Results []ImportedClient `json:"results"`
}

// ImportedClient is what became of one client.
type ImportedClient struct {
	ClientID string        `json:"client_id,omitempty"`
	Result   table.Outcome `json:"result" enum:"created,changed,unchanged,refused"`
	Reason   string        `json:"reason,omitempty" doc:"Why it was refused"`
	Note     string        `json:"note,omitempty" doc:"What to know of a client that was taken"`
}
