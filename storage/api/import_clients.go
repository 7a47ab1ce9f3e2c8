package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"latchkey/internal/strictjson"
	"latchkey/storage/apps"
	"latchkey/storage/table"
)

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

// basicNote says of a client how its id is sent in Basic authentication, if one that
// sends it as it is would be taken for another: the first colon ends the id, and % and +
// stand for other characters.
func basicNote(c *apps.Client) string {
	if c == nil || !c.Metadata.UsesSecret() || !strings.ContainsAny(c.ID, ":%+") {
		return ""
	}
	return "in HTTP Basic authentication its client_id must be sent encoded, as " + url.QueryEscape(c.ID) + " (RFC 6749 section 2.3.1)"
}

// notes is what to know of a client that was taken.
func notes(c *apps.Client) string {
	all := []string{guessableNote(c), basicNote(c)}
	return strings.Join(slices.DeleteFunc(all, func(note string) bool { return note == "" }), "; ")
}

func guessableNote(c *apps.Client) string {
	if c == nil {
		return ""
	}
	for _, s := range c.Secrets {
		if v := secretOf(s); v.GuessableUntil != nil {
			return "its secret could be guessed and ends at " + v.GuessableUntil.Format(time.RFC3339) +
				": give it a new one by then, by latchkey client rotate-secret"
		}
	}
	return ""
}

func (r *routes) importClients(ctx context.Context, in *struct{ Body ClientImport }) (*out[ClientImported], error) {
	r.Edits.Lock()
	defer r.Edits.Unlock()
	entries := make([]clientEntry, len(in.Body.Clients))
	for i, text := range in.Body.Clients {
		entries[i].text = text
		_ = strictjson.Unmarshal(text, &entries[i]) // read says what is wrong
	}
	cut := [][]clientEntry{entries}
	if in.Body.Update {
		cut = runs(entries, func(e clientEntry) string { return e.ClientID })
	}
	done := make([]ImportedClient, 0, len(entries))
	for _, run := range cut {
		results, err := r.importClientRun(ctx, in.Body, run)
		if err != nil {
			return nil, err
		}
		done = append(done, results...)
	}
	return &out[ClientImported]{ClientImported{Results: done}}, nil
}

// importClientRun imports entries in one commit.
func (r *routes) importClientRun(ctx context.Context, o ClientImport, run []clientEntry) ([]ImportedClient, error) {
	done := make([]ImportedClient, len(run))
	var clients []apps.ClientImport
	var at []int // of each client, in the run
	for i, e := range run {
		done[i].ClientID = e.ClientID
		c, err := r.readClient(ctx, o, e)
		if err != nil {
			if done[i].Result, done[i].Reason = table.Refused, err.Error(); !refusal(err) {
				return nil, err
			}
			continue
		}
		clients, at = append(clients, c), append(at, i)
	}
	results, err := r.Store.Clients.Import(ctx, r.Actor(ctx), o.DryRun, clients)
	if err != nil {
		return nil, err
	}
	for k, result := range results {
		d := &done[at[k]]
		if d.Result, d.Note = result.Outcome, notes(result.Client); result.Err != nil {
			d.Reason = result.Err.Error()
		}
	}
	return done, nil
}

// ImportClients imports up to 20 clients.
func (c *Caller) ImportClients(ctx context.Context, in ClientImport) ([]ImportedClient, error) {
	done, err := call[ClientImported](ctx, c, http.MethodPost, "/clients/import", in)
	return done.Results, err
}
