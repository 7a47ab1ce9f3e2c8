package api

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"latchkey/storage"
)

func readClient(text []byte) (e ClientEntry, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return e, entryFault(err)
	}
	if e.ClientID == "" {
		return e, &storage.Invalid{Field: "client_id", Reason: "must be given"}
	}
	return e, e.checkSecret()
}

// newClient is what is stored of an entry.
func (r *routes) newClient(ctx context.Context, e ClientEntry) (storage.NewClient, error) {
	m, err := r.toStore(ctx, e.Metadata)
	if err != nil {
		return storage.NewClient{}, err
	}
	n := storage.NewClient{ID: e.ClientID, State: e.State, Metadata: m}
	switch {
	case e.ClientSecret != "":
		n.Secret, n.SecretLast4 = r.HashSecret(e.ClientSecret), last4(e.ClientSecret)
	case e.SecretHash != "":
		n.Origin = r.Fingerprint(e.origin())
		n.Imported, err = r.ImportSecret(e.ClientID, e.SecretHash)
	}
	return n, err
}

// origin is what a hash is recognised by when it is imported again.
func (e *ClientEntry) origin() []byte { return []byte(e.ClientID + "\x00" + e.SecretHash) }

func (e *ClientEntry) checkSecret() error {
	field := "client_secret"
	if e.ClientSecret == "" && e.SecretHash != "" {
		field = "client_secret_hash"
	}
	public, secret := e.TokenEndpointAuthMethod == storage.AuthMethodNone, e.ClientSecret
	switch {
	case secret != "" && e.SecretHash != "":
		return &storage.Invalid{Field: "client_secret_hash", Reason: "must not be given beside client_secret: the secret is enough"}
	case public && secret+e.SecretHash != "":
		return &storage.Invalid{Field: field, Reason: "must not be given for a public client (token_endpoint_auth_method none)"}
	case public || e.SecretHash != "": // which ImportSecret judges
		return nil
	case secret == "":
		return &storage.Invalid{Field: field, Reason: "or client_secret_hash must be given, or token_endpoint_auth_method be none"}
	case strings.HasPrefix(secret, "pbkdf2_") || strings.HasPrefix(secret, "argon2$") || strings.HasPrefix(secret, "bcrypt"):
		return &storage.Invalid{Field: field, Reason: "is hashed: give it as client_secret_hash"}
	case len(secret) < storage.SecretLeast || len(secret) > storage.SecretMost:
		return &storage.Invalid{Field: field, Reason: "must be 16 to 512 characters long: make a new one for this client"}
	case strings.ContainsFunc(secret, func(c rune) bool { return c < 0x20 || c > 0x7e }): // RFC 6749 appendix A.2
		return &storage.Invalid{Field: field, Reason: "must be printable ASCII"}
	}
	return nil
}
