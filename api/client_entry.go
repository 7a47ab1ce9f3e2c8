package api

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"latchkey/api/wire"
	"latchkey/internal/strictjson"
	"latchkey/storage"
	"latchkey/storage/apps"
)

// clientEntry is an entry with what it calls itself.
type clientEntry struct {
	text     json.RawMessage
	ClientID string `json:"client_id"`
}

// readClient reads an entry. With update it is merged into the client that has its
// id: decoding JSON into a filled struct leaves alone what the text does not name.
func (r *routes) readClient(ctx context.Context, o wire.ClientImport, in clientEntry) (n apps.ClientImport, err error) {
	var e wire.ClientEntry
	var have *apps.Client
	if o.Update && in.ClientID != "" {
		have, err = r.Store.Clients.Get(ctx, in.ClientID)
		if err == nil {
			e.Metadata, err = r.editable(ctx, have)
		}
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return n, err
		}
	}
	if err := strictjson.UnmarshalKnown(in.text, &e); err != nil {
		return n, entryFault(err)
	}
	if e.ClientID == "" {
		return n, &storage.Invalid{Field: "client_id", Reason: "must be given"}
	}
	if err := checkSecret(&e, have != nil); err != nil {
		return n, err
	}
	if n.NewClient, err = r.newClient(ctx, e); err != nil {
		return n, err
	}
	if have != nil {
		n.Revision = have.Revision
		if err := r.keepSecret(&n, &e, have, o); err != nil {
			return n, err
		}
	}
	switch {
	case len(n.Imported) > 0: // its first use shows it
		n.Guessable = o.AcceptGuessable
	case len(n.Secret) > 0 && r.GuessableSecret(e.ClientSecret, e.ClientID):
		if n.Guessable = o.AcceptGuessable; !n.Guessable {
			return n, &storage.Invalid{Field: "client_secret", Reason: "could be guessed: make a new one for this client, or have it accepted for 30 days by --accept-guessable-secrets (accept_guessable_secrets in the API)"}
		}
	}
	return n, nil
}

// newClient is what is stored of an entry.
func (r *routes) newClient(ctx context.Context, e wire.ClientEntry) (apps.NewClient, error) {
	m, err := r.toStore(ctx, e.Metadata)
	if err != nil {
		return apps.NewClient{}, err
	}
	n := apps.NewClient{ID: e.ClientID, State: e.State, Metadata: m}
	switch {
	case e.ClientSecret != "":
		n.Secret, n.SecretLast4 = r.HashSecret(e.ClientSecret), last4(e.ClientSecret)
	case e.SecretHash != "":
		n.Origin = r.Fingerprint(origin(&e))
		n.Imported, err = r.ImportSecret(e.ClientID, e.SecretHash)
	}
	return n, err
}

// keepSecret leaves a client the secrets it has if the one that the entry names is
// among them. Another one takes their place, or that of the client's keys, only where
// that was asked for: the file may be older than a secret that was made here because
// the one before had leaked, or than the keys that ended all secrets.
func (r *routes) keepSecret(n *apps.ClientImport, e *wire.ClientEntry, have *apps.Client, o wire.ClientImport) error {
	field := secretField(e)
	live := have.LiveSecrets(time.Now())
	keyed := have.Confidential() && !have.Metadata.UsesSecret()
	if field == "" || len(live) == 0 && !keyed {
		return nil
	}
	for _, s := range live {
		if len(live) == 1 && len(s.Imported) > 0 && s.GuessableUntil.IsZero() && o.AcceptGuessable && r.isOrigin(s, e) {
			return nil // the same again, which may be guessable from now on
		}
		if e.ClientSecret != "" && r.IsSecret(s.Hash, e.ClientSecret) ||
			r.isOrigin(s, e) {
			n.Secret, n.SecretLast4, n.Imported, n.Origin = nil, "", nil, nil
			return nil
		}
	}
	switch {
	case o.ReplaceSecrets:
		return nil
	case keyed:
		return &storage.Invalid{Field: field, Reason: "would take the place of the client's keys: leave it out, and token_endpoint_auth_method, to keep those, or allow secrets to be replaced"}
	default:
		return &storage.Invalid{Field: field, Reason: "is none that the client has: leave it out to keep those, or allow secrets to be replaced"}
	}
}

// isOrigin reports whether a secret was imported as the hash that the entry names.
func (r *routes) isOrigin(s apps.Secret, e *wire.ClientEntry) bool {
	return e.SecretHash != "" && len(s.Origin) > 0 && r.IsFingerprint(s.Origin, origin(e))
}

// secretField is how the entry names its secret; "": it names none.
func secretField(e *wire.ClientEntry) string {
	switch {
	case e.ClientSecret != "":
		return "client_secret"
	case e.SecretHash != "":
		return "client_secret_hash"
	}
	return ""
}

// origin is what a hash is recognised by when it is imported again.
func origin(e *wire.ClientEntry) []byte { return []byte(e.ClientID + "\x00" + e.SecretHash) }

// checkSecret says what is wrong with an entry's secret. A client that is known
// already needs none.
func checkSecret(e *wire.ClientEntry, known bool) error {
	field, secret := secretField(e), e.ClientSecret
	public := e.TokenEndpointAuthMethod == apps.AuthMethodNone
	keyed := e.TokenEndpointAuthMethod == apps.AuthMethodPrivateKeyJWT
	switch {
	case secret != "" && e.SecretHash != "":
		return &storage.Invalid{Field: "client_secret_hash", Reason: "must not be given beside client_secret: the secret is enough"}
	case public && field != "":
		return &storage.Invalid{Field: field, Reason: "must not be given for a public client (token_endpoint_auth_method none)"}
	case keyed && field != "":
		return &storage.Invalid{Field: field, Reason: "must not be given for a client that authenticates by its keys (token_endpoint_auth_method private_key_jwt)"}
	case public || keyed || known && field == "" || e.SecretHash != "": // which ImportSecret judges
		return nil
	case secret == "":
		return &storage.Invalid{Field: "client_secret", Reason: "or client_secret_hash must be given, or token_endpoint_auth_method be none or private_key_jwt"}
	case strings.HasPrefix(secret, "pbkdf2_") || strings.HasPrefix(secret, "argon2$") || strings.HasPrefix(secret, "bcrypt"):
		return &storage.Invalid{Field: field, Reason: "is hashed: give it as client_secret_hash"}
	case len(secret) < apps.SecretLeast || len(secret) > apps.SecretMost:
		return &storage.Invalid{Field: field, Reason: "must be 16 to 512 characters long: make a new one for this client"}
	case strings.ContainsFunc(secret, func(c rune) bool { return c < 0x20 || c > 0x7e }): // RFC 6749 appendix A.2
		return &storage.Invalid{Field: field, Reason: "must be printable ASCII"}
	}
	return nil
}
