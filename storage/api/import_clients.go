package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"latchkey/storage"
)

// ClientEntry is a client as another system has it.
type ClientEntry struct {
	ClientID     string              `json:"client_id"`
	ClientSecret string              `json:"client_secret,omitempty" writeOnly:"true" doc:"In plain text, 16 to 512 characters; none for a public client"`
	State        storage.ClientState `json:"state,omitempty" doc:"Default approved"`
	Metadata
}

// ClientImport is a part of a larger number of clients to be imported.
type ClientImport struct {
	// Clients are read one by one: what is wrong with one does not hold up the others.
	Clients []json.RawMessage `json:"clients" maxItems:"20" nullable:"false" doc:"Each a ClientEntry"`
	DryRun  bool              `json:"dry_run,omitempty" doc:"Say what would happen, and change nothing"`
}

// ClientImported says what became of each client, in the order they came in.
type ClientImported struct {
	Results []ImportedClient `json:"results"`
}

// ImportedClient is what became of one client.
type ImportedClient struct {
	ClientID string          `json:"client_id,omitempty"`
	Result   storage.Outcome `json:"result" enum:"created,refused"`
	Reason   string          `json:"reason,omitempty" doc:"Why it was refused"`
}

func (r *routes) importClients(ctx context.Context, in *struct{ Body ClientImport }) (*out[ClientImported], error) {
	done := make([]ImportedClient, len(in.Body.Clients))
	var clients []storage.NewClient
	var at []int // of each client, among the entries
	for i, text := range in.Body.Clients {
		e, err := readClient(text)
		done[i].ClientID = e.ClientID
		if err != nil {
			done[i].Result, done[i].Reason = storage.Refused, err.Error()
			continue
		}
		m, err := r.toStore(ctx, e.Metadata)
		if invalid := new(storage.Invalid); errors.As(err, &invalid) {
			done[i].Result, done[i].Reason = storage.Refused, err.Error()
			continue
		}
		if err != nil {
			return nil, err
		}
		n := storage.NewClient{ID: e.ClientID, State: e.State, Metadata: m}
		if e.ClientSecret != "" {
			n.Secret, n.SecretLast4 = r.HashSecret(e.ClientSecret), last4(e.ClientSecret)
		}
		clients, at = append(clients, n), append(at, i)
	}
	results, err := r.Store.Clients.Import(ctx, r.Actor(ctx), in.Body.DryRun, clients)
	if err != nil {
		return nil, err
	}
	for k, result := range results {
		d := &done[at[k]]
		if d.Result = result.Outcome; result.Err != nil {
			d.Reason = result.Err.Error()
		}
	}
	return &out[ClientImported]{ClientImported{done}}, nil
}

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

// The length of an imported secret, in bytes. Ours have 256 bits and are kept by a
// fast hash; what is shorter than this could be guessed.
const (
	secretLeast = 16
	secretMost  = 512
)

func (e *ClientEntry) checkSecret() error {
	public, secret := e.TokenEndpointAuthMethod == storage.AuthMethodNone, e.ClientSecret
	switch {
	case public && secret != "":
		return &storage.Invalid{Field: "client_secret", Reason: "must not be given for a public client (token_endpoint_auth_method none)"}
	case public:
		return nil
	case secret == "":
		return &storage.Invalid{Field: "client_secret", Reason: "must be given, or token_endpoint_auth_method be none"}
	case strings.HasPrefix(secret, "pbkdf2_") || strings.HasPrefix(secret, "argon2$") || strings.HasPrefix(secret, "bcrypt"):
		return &storage.Invalid{Field: "client_secret", Reason: "is hashed: only secrets in plain text can be taken; make a new one for this client"}
	case len(secret) < secretLeast || len(secret) > secretMost:
		return &storage.Invalid{Field: "client_secret", Reason: "must be 16 to 512 characters long: make a new one for this client"}
	case strings.ContainsFunc(secret, func(c rune) bool { return c < 0x20 || c > 0x7e }): // RFC 6749 appendix A.2
		return &storage.Invalid{Field: "client_secret", Reason: "must be printable ASCII"}
	}
	return nil
}

// ImportClients imports up to 20 clients.
func (c *Caller) ImportClients(ctx context.Context, in ClientImport) ([]ImportedClient, error) {
	done, err := call[ClientImported](ctx, c, http.MethodPost, "/clients/import", in)
	return done.Results, err
}
