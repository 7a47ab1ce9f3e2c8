package usecase

import (
	"context"
	"errors"
	"strings"
	"time"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/table"
)

// ClientEntry is a client as another system has it.
type ClientEntry struct {
	ID       string
	State    apps.ClientState
	Metadata apps.Metadata
	Groups   []string // names of those that it is open to
	// Secret is in plain text; SecretHash, in place of it, what the other system keeps.
	Secret, SecretHash string
}

// ClientSource is where an entry comes from: it is read when it is known which client
// there is already.
type ClientSource struct {
	ID string // "": Read says what is wrong
	// Read makes the entry, by changing what there is of have; nil: there is none.
	Read func(have *apps.Client) (ClientEntry, error)
}

// ClientImportOptions are how clients are imported.
type ClientImportOptions struct {
	Update          bool // change clients that are known, rather than refuse them
	ReplaceSecrets  bool // with Update: their secrets and keys too
	AcceptGuessable bool // accept secrets that could be guessed, for 30 days
	DryRun          bool // change nothing
}

// ImportClients imports clients, each taken or refused by itself: refusals are in the
// results, which come in the order of the entries.
func (o *Operations) ImportClients(ctx context.Context, by storage.Actor, how ClientImportOptions,
	entries []ClientSource) ([]apps.ClientImported, error) {
	o.edits.Lock()
	defer o.edits.Unlock()
	cut := [][]ClientSource{entries}
	if how.Update {
		cut = runs(entries, func(e ClientSource) string { return e.ID })
	}
	done := make([]apps.ClientImported, 0, len(entries))
	all := clientImport{Operations: o, by: by, how: how}
	for _, run := range cut {
		results, err := all.importRun(ctx, run)
		if err != nil {
			return nil, err
		}
		done = append(done, results...)
	}
	return done, nil
}

// clientImport is one import of clients.
type clientImport struct {
	*Operations
	by  storage.Actor
	how ClientImportOptions
}

// importRun imports entries in one commit.
func (i clientImport) importRun(ctx context.Context, run []ClientSource) ([]apps.ClientImported, error) {
	done := make([]apps.ClientImported, len(run))
	var clients []apps.ClientImport
	var at []int // of each client, in the run
	for n, source := range run {
		c, err := i.readClient(ctx, source)
		if err != nil && !isRefusal(err) {
			return nil, err
		}
		if err != nil {
			done[n].Outcome, done[n].Err = table.Refused, err
			continue
		}
		clients, at = append(clients, c), append(at, n)
	}
	results, err := i.Store.Clients.Import(ctx, i.by, i.how.DryRun, clients)
	if err != nil {
		return nil, err
	}
	for k, result := range results {
		done[at[k]] = result
	}
	return done, nil
}

// readClient reads an entry, with update into the client that has its id.
func (i clientImport) readClient(ctx context.Context, source ClientSource) (n apps.ClientImport, err error) {
	var have *apps.Client
	if i.how.Update && source.ID != "" {
		have, err = i.Store.Clients.Get(ctx, source.ID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return n, err
		}
	}
	e, err := source.Read(have)
	if err != nil {
		return n, err
	}
	if e.ID == "" {
		return n, &storage.Invalid{Field: "client_id", Reason: "must be given"}
	}
	if err := e.checkSecret(have != nil); err != nil {
		return n, err
	}
	if n.NewClient, err = i.newClient(ctx, e); err != nil {
		return n, err
	}
	if have != nil {
		n.Revision = have.Revision
		if err := i.keepSecret(&n, &e, have); err != nil {
			return n, err
		}
	}
	switch {
	case len(n.Imported) > 0: // its first use shows it
		n.Guessable = i.how.AcceptGuessable
	case len(n.Secret) > 0 && keys.GuessableSecret(e.Secret, e.ID):
		if n.Guessable = i.how.AcceptGuessable; !n.Guessable {
			return n, &storage.Invalid{Field: "client_secret",
				Reason: "could be guessed: make a new one for this client, " +
					"or have it accepted for 30 days by --accept-guessable-secrets (accept_guessable_secrets in the API)"}
		}
	}
	return n, nil
}

// newClient is what is stored of an entry.
func (i clientImport) newClient(ctx context.Context, e ClientEntry) (n apps.NewClient, err error) {
	if err := i.prepare(ctx, &e.Metadata, e.Groups); err != nil {
		return n, err
	}
	n = apps.NewClient{ID: e.ID, State: e.State, Metadata: e.Metadata}
	switch {
	case e.Secret != "":
		n.Secret, n.SecretLast4 = i.Keys.HashClientSecret(e.Secret), lastFour(e.Secret)
	case e.SecretHash != "":
		n.Origin = i.Fingerprint(e.origin())
		n.Imported, err = i.Hasher.ImportSecret(e.ID, e.SecretHash)
		err = refusedHash("client_secret_hash", err)
	}
	return n, err
}

// keepSecret leaves a client the secrets it has if the one that the entry names is
// among them. Another one takes their place, or that of the client's keys, only where
// that was asked for: the file may be older than a secret that was made here because
// the one before had leaked, or than the keys that ended all secrets.
func (i clientImport) keepSecret(n *apps.ClientImport, e *ClientEntry, have *apps.Client) error {
	field := e.secretField()
	live := have.LiveSecrets(time.Now())
	keyed := have.Confidential() && !have.Metadata.UsesSecret()
	if field == "" || len(live) == 0 && !keyed {
		return nil
	}
	for _, s := range live {
		if len(live) == 1 && len(s.Imported) > 0 && s.GuessableUntil.IsZero() && i.how.AcceptGuessable &&
			i.isOrigin(s, e) {
			return nil // the same again, which may be guessable from now on
		}
		if e.Secret != "" && i.Keys.VerifyClientSecret(s.Hash, e.Secret) || i.isOrigin(s, e) {
			n.Secret, n.SecretLast4, n.Imported, n.Origin = nil, "", nil, nil
			return nil
		}
	}
	switch {
	case i.how.ReplaceSecrets:
		return nil
	case keyed:
		return &storage.Invalid{Field: field, Reason: "would take the place of the client's keys: leave it out, " +
			"and token_endpoint_auth_method, to keep those, or allow secrets to be replaced"}
	default:
		return &storage.Invalid{Field: field, Reason: "is none that the client has: leave it out to keep those, " +
			"or allow secrets to be replaced"}
	}
}

// isOrigin reports whether a secret was imported as the hash that the entry names.
func (i clientImport) isOrigin(s apps.Secret, e *ClientEntry) bool {
	return e.SecretHash != "" && len(s.Origin) > 0 && i.IsFingerprint(s.Origin, e.origin())
}

// secretField is how the entry names its secret; "": it names none.
func (e *ClientEntry) secretField() string {
	switch {
	case e.Secret != "":
		return "client_secret"
	case e.SecretHash != "":
		return "client_secret_hash"
	}
	return ""
}

// origin is what a hash is recognised by when it is imported again.
func (e *ClientEntry) origin() []byte { return []byte(e.ID + "\x00" + e.SecretHash) }

// checkSecret says what is wrong with an entry's secret. A client that is known
// already needs none.
func (e *ClientEntry) checkSecret(known bool) error {
	field, secret := e.secretField(), e.Secret
	public := e.Metadata.TokenEndpointAuthMethod == apps.AuthMethodNone
	keyed := e.Metadata.TokenEndpointAuthMethod == apps.AuthMethodPrivateKeyJWT
	refused := func(field, reason string) error { return &storage.Invalid{Field: field, Reason: reason} }
	switch {
	case secret != "" && e.SecretHash != "":
		return refused("client_secret_hash", "must not be given beside client_secret: the secret is enough")
	case public && field != "":
		return refused(field, "must not be given for a public client (token_endpoint_auth_method none)")
	case keyed && field != "":
		return refused(field, "must not be given for a client that authenticates by its keys (token_endpoint_auth_method private_key_jwt)")
	case public || keyed || known && field == "" || e.SecretHash != "": // which ImportSecret judges
		return nil
	case secret == "":
		return refused("client_secret", "or client_secret_hash must be given, or token_endpoint_auth_method be none or private_key_jwt")
	case strings.HasPrefix(secret, "pbkdf2_") || strings.HasPrefix(secret, "argon2$") ||
		strings.HasPrefix(secret, "bcrypt"):
		return refused(field, "is hashed: give it as client_secret_hash")
	case len(secret) < apps.SecretLeast || len(secret) > apps.SecretMost:
		return refused(field, "must be 16 to 512 characters long: make a new one for this client")
	case strings.ContainsFunc(secret, func(c rune) bool { return c < 0x20 || c > 0x7e }): // RFC 6749 appendix A.2
		return refused(field, "must be printable ASCII")
	}
	return nil
}

// runs cuts entries where an id comes again: each is merged into the record as the
// one before it left it.
func runs[E any](entries []E, id func(E) string) (all [][]E) {
	var run []E
	seen := map[string]bool{}
	for _, e := range entries {
		name := id(e)
		if name != "" && seen[name] {
			all, run, seen = append(all, run), nil, map[string]bool{}
		}
		seen[name] = true
		run = append(run, e)
	}
	return append(all, run)
}

// isRefusal reports whether an error concerns one entry alone.
func isRefusal(err error) bool {
	var invalid *storage.Invalid
	return errors.As(err, &invalid)
}
