package api

import (
	"context"
	"encoding/json"
	"net/http"

	"latchkey/storage"
)

// ClientEntry is a client as another system has it.
type ClientEntry struct {
	ClientID     string              `json:"client_id"`
	ClientSecret string              `json:"client_secret,omitempty" writeOnly:"true" doc:"In plain text, 16 to 512 characters; none for a public client"`
	SecretHash   string              `json:"client_secret_hash,omitempty" writeOnly:"true" doc:"In place of client_secret, what the other system keeps of it: PBKDF2, bcrypt, argon2 or scrypt, in the notation of PHC, crypt or Django"`
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
		n, err := r.newClient(ctx, e)
		if err != nil {
			if done[i].Result, done[i].Reason = storage.Refused, err.Error(); !refusal(err) {
				return nil, err
			}
			continue
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

// ImportClients imports up to 20 clients.
func (c *Caller) ImportClients(ctx context.Context, in ClientImport) ([]ImportedClient, error) {
	done, err := call[ClientImported](ctx, c, http.MethodPost, "/clients/import", in)
	return done.Results, err
}
