package wire

import (
	"encoding/json"
	"time"

	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/table"
)

// Claims are the standard claims about a person that are not their username or
// e-mail address.
type Claims = people.Profile

// Account is what can be written of a user. Names are those of the claims of
// OpenID Connect Core section 5.1, except username, which leaves as
// preferred_username.
type Account struct {
	Username      string `json:"username,omitempty" doc:"The name to sign in with"`
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified" required:"false"`
	Claims
	Roles      []storage.Role `json:"roles,omitempty" enum:"admin"`
	ExternalID string         `json:"external_id,omitempty" maxLength:"255" doc:"What your own platform knows the account by: unique, compared byte for byte"`
}

// User is an account as it is read.
type User struct {
	Sub string `json:"sub" doc:"The subject identifier, which never changes"`
	Account
	Disabled          bool        `json:"disabled"`
	HasPassword       bool        `json:"has_password"`
	CreatedAt         time.Time   `json:"created_at"`
	UpdatedAt         time.Time   `json:"updated_at"`
	PasswordChangedAt *time.Time  `json:"password_changed_at,omitempty"`
	Patreon           *Membership `json:"patreon,omitempty" doc:"The Patreon membership; only when one user is asked for"`
	Groups            []string    `json:"groups,omitempty" doc:"Names of the user's groups; only when one user is asked for"`
	Guessing          *Guessing   `json:"guessing,omitempty" doc:"Wrong passwords in a row, if there are any; only when one user is asked for"`
}

// Guessing is a row of wrong passwords from browsers that the account does not know.
type Guessing struct {
	Failures   uint32     `json:"failures"`
	FirstAt    time.Time  `json:"first_at"`
	LastAt     time.Time  `json:"last_at"`
	WaitsUntil *time.Time `json:"waits_until,omitempty" doc:"When such a browser may try again; left out: now"`
}

// NewUser is an account to be made. Without a password it can be entered by a
// recovery link only.
type NewUser struct {
	Account
	Password string `json:"password,omitempty" writeOnly:"true"`
}

// Users is a page of accounts, oldest first. Next goes on from here; empty at
// the end.
type Users struct {
	Users []User `json:"users"`
	Next  string `json:"next,omitempty"`
}

// Link is a one-time link.
type Link struct {
	URL       string    `json:"url" doc:"To be opened once, by the person it is meant for"`
	ExpiresAt time.Time `json:"expires_at"`
}

// UserEntry is an account as another system has it. What is left out stays as it
// is, in an account that exists.
type UserEntry struct {
	Account
	PreferredUsername string `json:"preferred_username,omitempty" doc:"The username, by its name as a claim"`
	Disabled          bool   `json:"disabled" required:"false"`
	// PasswordHash is text in one of the usual notations, or Keycloak's object.
	PasswordHash json.RawMessage `json:"password_hash,omitempty" writeOnly:"true" doc:"Of the password: a string in the notation of PHC, crypt or Django, or a credential object of Keycloak"`
}

// UserImport is a part of a larger number of accounts to be imported.
type UserImport struct {
	// Users are read one by one: what is wrong with one does not hold up the others.
	Users            []json.RawMessage `json:"users" maxItems:"100" nullable:"false" doc:"Each a UserEntry"`
	Update           bool              `json:"update,omitempty" doc:"Change the users whose external_id is known, rather than refuse them"`
	ReplacePasswords bool              `json:"replace_passwords,omitempty" doc:"With update: take the password hash for users who have a password, too, which ends their sessions"`
	AllowAdmin       bool              `json:"allow_admin,omitempty" doc:"Let users be made administrators, or no longer be"`
	DryRun           bool              `json:"dry_run,omitempty" doc:"Say what would happen, and change nothing"`
}

// UserImported says what became of each user, in the order they came in.
type UserImported struct {
	Results []ImportedUser `json:"results"`
}

// ImportedUser is what became of one user.
type ImportedUser struct {
	Sub      string        `json:"sub,omitempty" doc:"Not after a dry run that would make a user"`
	Username string        `json:"username,omitempty"`
	Result   table.Outcome `json:"result" enum:"created,changed,unchanged,refused"`
	Reason   string        `json:"reason,omitempty" doc:"Why it was refused"`
}
