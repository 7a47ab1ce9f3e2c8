package api_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/storage"
	"latchkey/storage/api"
)

func TestClientsKeepTheirIDsAndSecrets(t *testing.T) {
	h := newHouse(t, nil)
	entries := lines(
		`{"client_id":"old","client_secret":"0123456789abcdef","client_name":"Old","redirect_uris":["https://a.example/cb"],"scope":"openid"}`,
		`{"client_id":"spa","client_name":"Page","redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"none","state":"suspended"}`,
		`{"client_id":"old","client_secret":"0123456789abcdef","client_name":"Twice","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"a b","client_secret":"0123456789abcdef","client_name":"Bad","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"b","client_name":"Bad","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"c","client_secret":"short","client_name":"Bad","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"d","client_secret":"pbkdf2_sha256$1000$salt$aGFzaA==","client_name":"Bad"}`,
		`{"client_id":"e","client_secret":"0123456789abcdef","token_endpoint_auth_method":"none"}`,
		`{"client_id":"f","client_secret":"0123456789abcdef","client_name":"Bad","redirect_uris":"x"}`,
		`{"client_id":"g","client_secret":"0123456789abcdef","client_name":"Bad","odd":1}`,
		`{"client_secret":"0123456789abcdef","client_name":"Bad"}`,
		`{"client_id":"h","client_secret":"0123456789abcdef","client_name":"Bad","redirect_uris":["https://a.example/cb"],"state":"odd"}`)
	want := []string{"old created", "spa created", "old refused: client_id is already taken", "a b refused: client_id must be letters, digits and - _ . ~",
		"b refused: client_secret must be given, or token_endpoint_auth_method be none",
		"c refused: client_secret must be 16 to 512 characters long: make a new one for this client",
		"d refused: client_secret is hashed: only secrets in plain text can be taken; make a new one for this client",
		"e refused: client_secret must not be given for a public client (token_endpoint_auth_method none)",
		"f refused: redirect_uris must not be a string", "g refused: odd is no field that can be set here", " refused: client_id must be given",
		`h refused: state must be draft, submitted, approved, rejected or suspended, not "odd"`}
	for _, dry := range []bool{true, false} {
		var got []string
		for _, d := range must[[]api.ImportedClient](t)(h.ImportClients(t.Context(), api.ClientImport{Clients: entries, DryRun: dry})) {
			got = append(got, strings.TrimSuffix(d.ClientID+" "+string(d.Result)+": "+d.Reason, ": "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("dry run %v:\ngot  %q\nwant %q", dry, got, want)
		}
		if _, err := h.GetClient(t.Context(), "old"); (err != nil) != dry {
			t.Errorf("dry run %v: %v", dry, err)
		}
	}
	c := must[*storage.Client](t)(h.store.Clients.Get(t.Context(), "old"))
	if string(c.Secrets[0].Hash) != "hash of 0123456789abcdef" || c.Secrets[0].Last4 != "cdef" || !c.Live() {
		t.Errorf("%+v", c)
	}
	if c := must[*storage.Client](t)(h.store.Clients.Get(t.Context(), "spa")); c.State != storage.ClientSuspended || c.Confidential() {
		t.Errorf("%+v", c)
	}
}
