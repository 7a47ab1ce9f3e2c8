package api

import (
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/people"
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

func guessingOf(g people.Guessed) *Guessing {
	if g.Now.Failures == 0 {
		return nil
	}
	v := &Guessing{Failures: g.Now.Failures, FirstAt: g.Now.Start, LastAt: g.Now.Last}
	if !g.Until.IsZero() {
		v.WaitsUntil = &g.Until
	}
	return v
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

func userOf(u *people.User) User {
	v := User{
		Sub: u.Subject(),
		Account: Account{Username: u.Username, Email: u.Email, EmailVerified: u.EmailVerified,
			Claims: u.Profile, Roles: slices.Clone(u.Roles), ExternalID: u.ExternalID},
		Disabled: u.Disabled, HasPassword: len(u.Password) > 0,
		CreatedAt: u.Created, UpdatedAt: u.Updated,
	}
	if v.HasPassword && !u.PasswordChanged.IsZero() {
		v.PasswordChangedAt = &u.PasswordChanged
	}
	return v
}
