package api

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"latchkey/api/wire"
	"latchkey/internal/strictjson"
	"latchkey/storage/apps"
	"latchkey/usecase"
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

func (r *routes) importClients(ctx context.Context,
	in *struct{ Body wire.ClientImport }) (*out[wire.ClientImported], error) {
	sources := make([]usecase.ClientSource, len(in.Body.Clients))
	for i, text := range in.Body.Clients {
		sources[i] = r.clientSource(ctx, text)
	}
	how := usecase.ClientImportOptions{Update: in.Body.Update, ReplaceSecrets: in.Body.ReplaceSecrets,
		AcceptGuessable: in.Body.AcceptGuessable, DryRun: in.Body.DryRun}
	results, err := r.Operations.ImportClients(ctx, r.Actor(ctx), how, sources)
	if err != nil {
		return nil, err
	}
	done := make([]wire.ImportedClient, len(results))
	for i, result := range results {
		done[i] = wire.ImportedClient{ClientID: sources[i].ID, Result: result.Outcome, Note: notes(result.Client)}
		if result.Err != nil {
			done[i].Reason = result.Err.Error()
		}
	}
	return &out[wire.ClientImported]{wire.ClientImported{Results: done}}, nil
}

// clientSource reads an entry. With a client it is merged into that: decoding JSON into a
// filled struct leaves alone what the text does not name.
func (r *routes) clientSource(ctx context.Context, text json.RawMessage) usecase.ClientSource {
	var named struct {
		ClientID string `json:"client_id"`
	}
	_ = strictjson.Unmarshal(text, &named) // Read says what is wrong
	return usecase.ClientSource{ID: named.ClientID,
		Read: func(have *apps.Client) (entry usecase.ClientEntry, err error) {
			var e wire.ClientEntry
			if have != nil {
				if e.Metadata, err = r.editable(ctx, have); err != nil {
					return entry, err
				}
			}
			if err := strictjson.UnmarshalKnown(text, &e); err != nil {
				return entry, entryFault(err)
			}
			return usecase.ClientEntry{ID: e.ClientID, State: e.State, Metadata: storedMetadata(e.Metadata),
				Groups: e.AllowedGroups, Secret: e.ClientSecret, SecretHash: e.SecretHash}, nil
		}}
}
