package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"latchkey/keys"
	"latchkey/storage"
)

// checkPassword says in words what keys finds wrong with a password. The
// platform's name is among those that a password must not be made of.
func (h *house) checkPassword(ctx context.Context, password string, own ...string) error {
	var bad *keys.PasswordError
	if !errors.As(keys.CheckPassword(password, append(own, h.branding.inForce(ctx).Name)...), &bad) {
		return nil
	}
	return &storage.Invalid{Field: "password", Reason: passwordWords(bad.Reason)}
}

func passwordWords(reason keys.PasswordReason) string {
	switch reason {
	case keys.PasswordShort:
		return fmt.Sprintf("must be at least %d characters long", keys.MinPassword)
	case keys.PasswordLong:
		return fmt.Sprintf("must be at most %d characters long", keys.MaxPassword)
	case keys.PasswordText:
		return "must be text without control characters"
	case keys.PasswordOwn:
		return "must not be made of the user's own names"
	default:
		return "is too easily guessed: it is made of what everybody tries first"
	}
}

// importPassword seals a hash that another system made, or says in words what is
// wrong with it.
func (h *house) importPassword(binding []byte, encoded string) ([]byte, error) {
	sealed, err := h.hasher.Import(binding, encoded)
	return sealed, hashRefused("password_hash", err)
}

// importSecret is importPassword for a client's secret.
func (h *house) importSecret(clientID, encoded string) ([]byte, error) {
	sealed, err := h.hasher.ImportSecret(clientID, encoded)
	return sealed, hashRefused("client_secret_hash", err)
}

func hashRefused(field string, err error) error {
	if !errors.Is(err, keys.ErrHash) {
		return err
	}
	reason := strings.TrimPrefix(err.Error(), keys.ErrHash.Error()+": ")
	return &storage.Invalid{Field: field, Reason: "cannot be taken: " + reason}
}
