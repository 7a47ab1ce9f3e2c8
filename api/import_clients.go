package api

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"latchkey/api/wire"
	"latchkey/internal/strictjson"
	"latchkey/storage/apps"
	"latchkey/storage/table"
)

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

func (r *routes) importClients(ctx context.Context, in *struct{ Body wire.ClientImport }) (*out[wire.ClientImported], error) {
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
	done := make([]wire.ImportedClient, 0, len(entries))
	for _, run := range cut {
		results, err := r.importClientRun(ctx, in.Body, run)
		if err != nil {
			return nil, err
		}
		done = append(done, results...)
	}
	return &out[wire.ClientImported]{wire.ClientImported{Results: done}}, nil
}

// importClientRun imports entries in one commit.
func (r *routes) importClientRun(ctx context.Context, o wire.ClientImport, run []clientEntry) ([]wire.ImportedClient, error) {
	done := make([]wire.ImportedClient, len(run))
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
