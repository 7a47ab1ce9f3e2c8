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
		`{"client_id":"h","client_secret":"0123456789abcdef","client_name":"Bad","redirect_uris":["https://a.example/cb"],"state":"odd"}`,
		`{"client_id":"hashed","client_secret_hash":"good","client_name":"Hashed","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"i","client_secret_hash":"bad","client_name":"Bad","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"j","client_secret_hash":"good","client_secret":"0123456789abcdef","client_name":"Bad"}`,
		`{"client_id":"k","client_secret_hash":"good","token_endpoint_auth_method":"none","client_name":"Bad"}`)
	want := []string{"old created", "spa created", "old refused: client_id is already taken", "a b refused: client_id must be letters, digits and - _ . ~",
		"b refused: client_secret or client_secret_hash must be given, or token_endpoint_auth_method be none",
		"c refused: client_secret must be 16 to 512 characters long: make a new one for this client",
		"d refused: client_secret is hashed: give it as client_secret_hash",
		"e refused: client_secret must not be given for a public client (token_endpoint_auth_method none)",
		"f refused: redirect_uris must not be a string", "g refused: odd is no field that can be set here", " refused: client_id must be given",
		`h refused: state must be draft, submitted, approved, rejected or suspended, not "odd"`,
		"hashed created", "i refused: client_secret_hash cannot be taken: it is bad",
		"j refused: client_secret_hash must not be given beside client_secret: the secret is enough",
		"k refused: client_secret_hash must not be given for a public client (token_endpoint_auth_method none)"}
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
	c = must[*storage.Client](t)(h.store.Clients.Get(t.Context(), "hashed"))
	if v := c.Secrets[0]; len(v.Hash) > 0 || string(v.Imported) != "sealed good for hashed" || v.Last4 != "" {
		t.Errorf("%+v", v)
	}
	if v := must[api.Client](t)(h.GetClient(t.Context(), "hashed")); !v.Secrets[0].Imported {
		t.Errorf("it is not told that its secret was never used: %+v", v.Secrets)
	}
	if c := must[*storage.Client](t)(h.store.Clients.Get(t.Context(), "spa")); c.State != storage.ClientSuspended || c.Confidential() {
		t.Errorf("%+v", c)
	}
}
