package api

import (
	"slices"

	"latchkey/api/wire"
	"latchkey/storage/people"
)

func guessingOf(g people.Guessed) *wire.Guessing {
	if g.Now.Failures == 0 {
		return nil
	}
	v := &wire.Guessing{Failures: g.Now.Failures, FirstAt: g.Now.Start, LastAt: g.Now.Last}
	if !g.Until.IsZero() {
		v.WaitsUntil = &g.Until
	}
	return v
}

func userOf(u *people.User) wire.User {
	v := wire.User{
		Sub: u.Subject(),
		Account: wire.Account{Username: u.Username, Email: u.Email, EmailVerified: u.EmailVerified,
			Claims: u.Profile, Roles: slices.Clone(u.Roles), ExternalID: u.ExternalID},
		Disabled: u.Disabled, HasPassword: len(u.Password) > 0,
		CreatedAt: u.Created, UpdatedAt: u.Updated,
	}
	if v.HasPassword && !u.PasswordChanged.IsZero() {
		v.PasswordChangedAt = &u.PasswordChanged
	}
	return v
}
