package api_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/storage/apps"
	"latchkey/storage/table"
)

// clientKeys is a set of one public key.
const clientKeys = `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`

// importClients says what became of each entry.
func (h *house) importClients(t *testing.T, o wire.ClientImport, entries ...json.RawMessage) (got []string) {
	t.Helper()
	o.Clients = entries
	for _, d := range must[[]wire.ImportedClient](t)(h.ImportClients(t.Context(), o)) {
		got = append(got, strings.TrimSuffix(d.ClientID+" "+string(d.Result)+": "+d.Reason, ": "))
	}
	return got
}

func TestClientsKeepTheirIDsAndSecrets(t *testing.T) {
	h := newHouse(t, nil)
	entries := lines(
		`{"client_id":"old","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"Old","redirect_uris":["https://a.example/cb"],"scope":"openid"}`,
		`{"client_id":"spa","client_name":"Page","redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"none","state":"suspended"}`,
		`{"client_id":"old","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"Twice","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"aé","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"Bad","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"b","client_name":"Bad","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"c","client_secret":"short","client_name":"Bad","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"d","client_secret":"pbkdf2_sha256$1000$salt$aGFzaA==","client_name":"Bad"}`,
		`{"client_id":"e","client_secret":"4f7Kq2ZtR9vXw1Lm","token_endpoint_auth_method":"none"}`,
		`{"client_id":"f","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"Bad","redirect_uris":"x"}`,
		`{"client_id":"g","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"Bad","odd":1}`,
		`{"client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"Bad"}`,
		`{"client_id":"h","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"Bad","redirect_uris":["https://a.example/cb"],"state":"odd"}`,
		`{"client_id":"hashed","client_secret_hash":"`+foreignHash+`","client_name":"Hashed","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"i","client_secret_hash":"bad","client_name":"Bad","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"j","client_secret_hash":"`+foreignHash+`","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"Bad"}`,
		`{"client_id":"k","client_secret_hash":"`+foreignHash+`","token_endpoint_auth_method":"none","client_name":"Bad"}`,
		`{"client_id":"keyed","client_name":"Keyed","redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks":`+clientKeys+`}`,
		`{"client_id":"l","client_name":"Keyed","token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":["bad"]}}`,
		`{"client_id":"m","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"Keyed","token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://a.example/jwks"}`)
	want := []string{"old created", "spa created", "old refused: client_id is already taken",
		"aé refused: client_id must be printable ASCII without spaces around it (RFC 6749 appendix A.1)",
		"b refused: client_secret or client_secret_hash must be given, or token_endpoint_auth_method be none or private_key_jwt",
		"c refused: client_secret must be 16 to 512 characters long: make a new one for this client",
		"d refused: client_secret is hashed: give it as client_secret_hash",
		"e refused: client_secret must not be given for a public client (token_endpoint_auth_method none)",
		"f refused: redirect_uris must not be a string", "g refused: odd is no field that can be set here",
		" refused: client_id must be given",
		`h refused: state must be draft, submitted, approved, rejected or suspended, not "odd"`,
		"hashed created", "i refused: client_secret_hash cannot be taken: it is none of argon2i, argon2id, bcrypt, scrypt and PBKDF2 in a usual notation",
		"j refused: client_secret_hash must not be given beside client_secret: the secret is enough",
		"k refused: client_secret_hash must not be given for a public client (token_endpoint_auth_method none)",
		"keyed created", `l refused: jwks is no JWK Set that can be taken: it must be a JSON object with an array "keys" of keys`, "m refused: client_secret must not be given for a client that authenticates by its keys (token_endpoint_auth_method private_key_jwt)"}
	for _, dry := range []bool{true, false} {
		got := h.importClients(t, wire.ClientImport{DryRun: dry}, entries...)
		if !slices.Equal(got, want) {
			t.Errorf("dry run %v:\ngot  %q\nwant %q", dry, got, want)
		}
		if _, err := h.GetClient(t.Context(), "old"); (err != nil) != dry {
			t.Errorf("dry run %v: %v", dry, err)
		}
	}
	c := must[*apps.Client](t)(h.store.Clients.Get(t.Context(), "old"))
	if !h.keys.VerifyClientSecret(c.Secrets[0].Hash, "4f7Kq2ZtR9vXw1Lm") || c.Secrets[0].Last4 != "w1Lm" || !c.Live() {
		t.Errorf("%+v", c)
	}
	c = must[*apps.Client](t)(h.store.Clients.Get(t.Context(), "hashed"))
	if v := c.Secrets[0]; len(v.Hash) > 0 || len(v.Imported) == 0 || v.Last4 != "" {
		t.Errorf("%+v", v)
	}
	if v := must[wire.Client](t)(h.GetClient(t.Context(), "hashed")); !v.Secrets[0].Imported {
		t.Errorf("it is not told that its secret was never used: %+v", v.Secrets)
	}
	if c := must[*apps.Client](t)(h.store.Clients.Get(t.Context(), "spa")); c.State != apps.ClientSuspended ||
		c.Confidential() {
		t.Errorf("%+v", c)
	}
}

func TestAnUpdatingImportChangesWhatItNamesAndNothingElse(t *testing.T) {
	h := newHouse(t, nil)
	update := wire.ClientImport{Update: true}
	first := lines(
		`{"client_id":"a","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"A","redirect_uris":["https://a.example/cb"],"scope":"openid email","require_pkce":true,"consent":"always"}`,
		`{"client_id":"b","client_secret_hash":"`+foreignHash+`","client_name":"B","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"c","token_endpoint_auth_method":"none","client_name":"C","redirect_uris":["https://a.example/cb"],"state":"suspended"}`)
	if got := h.importClients(t, update, first...); !slices.Equal(got,
		[]string{"a created", "b created", "c created"}) {
		t.Fatalf("%q", got)
	}
	was := func(id string) *apps.Client { return must[*apps.Client](t)(h.store.Clients.Get(t.Context(), id)) }
	a, b := was("a"), was("b")
	for range 2 { // again, and after b's secret was used
		if got := h.importClients(t, update, first...); !slices.Equal(got,
			[]string{"a unchanged", "b unchanged", "c unchanged"}) {
			t.Errorf("%q", got)
		}
		must[bool](t)(h.store.Clients.UpgradeSecret(t.Context(), "b", b.Secrets[0].ID, []byte("hash of b's own"),
			"s own", false))
	}
	if now := was("a"); !reflect.DeepEqual(now, a) {
		t.Errorf("is %+v, was %+v", now, a)
	}
	if got := h.importClients(t, update,
		lines(`{"client_id":"a","client_name":"A2"}`, `{"client_id":"c","client_name":"C2"}`,
			`{"client_id":"b","state":"suspended"}`)...); !slices.Equal(got,
		[]string{"a changed", "c changed", "b changed"}) {
		t.Errorf("%q", got)
	}
	want := *a
	want.Metadata.ClientName, want.Revision = "A2", a.Revision+1
	if now := was("a"); now.Updated.Before(a.Updated) ||
		!reflect.DeepEqual(now, func() *apps.Client { want.Updated = now.Updated; return &want }()) {
		t.Errorf("is %+v, want %+v", now, want)
	}
	if c := was("c"); c.State != apps.ClientSuspended {
		t.Error("an import that does not say so lets a suspended client in again")
	}
	if now := was("b"); now.State != apps.ClientSuspended || now.Epoch != b.Epoch+1 ||
		string(now.Secrets[0].Hash) != "hash of b's own" {
		t.Errorf("%+v", now)
	}
}

func TestAnImportReplacesSecretsOnlyWhenAskedTo(t *testing.T) {
	h := newHouse(t, nil)
	h.importClients(t, wire.ClientImport{}, lines(
		`{"client_id":"a","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"A","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"p","token_endpoint_auth_method":"none","client_name":"P","redirect_uris":["https://a.example/cb"]}`)...)
	secrets := func(id string) []apps.Secret {
		return must[*apps.Client](t)(h.store.Clients.Get(t.Context(), id)).Secrets
	}
	before := secrets("a")
	another := lines(`{"client_id":"a","client_secret":"Zx8Qp3VnB6yTr0Hs","client_name":"A2"}`,
		`{"client_id":"a","client_secret_hash":"`+foreignHash+`"}`)
	const why = " is none that the client has: leave it out to keep those, or allow secrets to be replaced"
	if got := h.importClients(t, wire.ClientImport{Update: true}, another...); !slices.Equal(got,
		[]string{"a refused: client_secret" + why, "a refused: client_secret_hash" + why}) {
		t.Errorf("%q", got)
	}
	if v := must[wire.Client](t)(h.GetClient(t.Context(), "a")); v.ClientName != "A" ||
		!reflect.DeepEqual(secrets("a"), before) {
		t.Errorf("a refused line left something: %+v", v)
	}
	replace := wire.ClientImport{Update: true, ReplaceSecrets: true}
	if got := h.importClients(t, replace, another...); !slices.Equal(got, []string{"a changed", "a changed"}) {
		t.Errorf("%q", got)
	}
	if v := secrets("a"); len(v) != 1 || len(v[0].Imported) == 0 {
		t.Errorf("%+v", v)
	}
	if got := h.importClients(t, replace, another[1], lines(`{"client_id":"a","token_endpoint_auth_method":"none"}`)[0],
		lines(`{"client_id":"p","token_endpoint_auth_method":"client_secret_post"}`)[0],
		lines(`{"client_id":"p","client_secret_hash":"` + foreignHash + `"}`)[0],
		lines(`{"client_id":"p","token_endpoint_auth_method":"client_secret_post","client_secret_hash":"` + foreignHash + `"}`)[0]); !slices.Equal(got, []string{"a unchanged", "a changed",
		"p refused: client_secret or client_secret_hash must be given for a client that had none",
		"p refused: client_secret_hash must not be given for a public client (token_endpoint_auth_method none)",
		"p changed"}) {
		t.Errorf("%q", got)
	}
	if len(secrets("a")) != 0 || len(secrets("p")) != 1 {
		t.Errorf("a client that became public keeps a secret, or one that became confidential has none: %+v, %+v",
			secrets("a"), secrets("p"))
	}
}

func TestASecretThatCouldBeGuessedIsTakenOnlyWhenAskedTo(t *testing.T) {
	h := newHouse(t, nil)
	accept := wire.ClientImport{Update: true, AcceptGuessable: true}
	entries := lines(
		`{"client_id":"a","client_secret":"1234567890123456","client_name":"A","redirect_uris":["https://a.example/cb"]}`,
		`{"client_id":"b","client_secret_hash":"`+foreignHash+`","client_name":"B","redirect_uris":["https://a.example/cb"]}`)
	got := h.importClients(t, wire.ClientImport{}, entries...)
	if len(got) != 2 || !strings.HasPrefix(got[0], "a refused: client_secret could be guessed") ||
		got[1] != "b created" {
		t.Errorf("%q", got)
	}
	if got := h.importClients(t, accept, entries...); !slices.Equal(got, []string{"a created", "b changed"}) {
		t.Errorf("%q", got)
	}
	for _, id := range []string{"a", "b"} {
		v := must[*apps.Client](t)(h.store.Clients.Get(t.Context(), id)).Secrets[0]
		if v.GuessableUntil != v.Created.Add(30*24*time.Hour) {
			t.Errorf("%s: made %v, ends %v", id, v.Created, v.GuessableUntil)
		}
	}
	for _, o := range []wire.ClientImport{accept, {Update: true}} { // its time goes on
		if got := h.importClients(t, o, entries...); !slices.Equal(got, []string{"a unchanged", "b unchanged"}) {
			t.Errorf("%q", got)
		}
	}
}

// A file made before an app got a key of its own still has its secret, which may be why
// it got one.
func TestAnImportBringsBackNoSecretThatAKeyHasReplaced(t *testing.T) {
	h := newHouse(t, nil)
	old := lines(`{"client_id":"a","client_secret":"4f7Kq2ZtR9vXw1Lm","token_endpoint_auth_method":"client_secret_basic","client_name":"A","redirect_uris":["https://a.example/cb"]}`)
	h.importClients(t, wire.ClientImport{}, old...)
	must[wire.Client](t)(h.ChangeClient(t.Context(), "a",
		client.Fields{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://a.example/jwks"}))
	want := []string{"a refused: client_secret would take the place of the client's keys: leave it out, and token_endpoint_auth_method, to keep those, or allow secrets to be replaced"}
	if got := h.importClients(t, wire.ClientImport{Update: true}, old...); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if v := must[wire.Client](t)(h.GetClient(t.Context(), "a")); v.TokenEndpointAuthMethod != "private_key_jwt" ||
		len(v.Secrets) != 0 {
		t.Errorf("%+v", v)
	}
	if got := h.importClients(t, wire.ClientImport{Update: true, ReplaceSecrets: true}, old...); !slices.Equal(got,
		[]string{"a changed"}) {
		t.Errorf("%q", got)
	}
}

func TestARefusedUpdateOfAClientChangesNothing(t *testing.T) {
	h := newHouse(t, nil)
	h.importClients(t, wire.ClientImport{},
		lines(`{"client_id":"a","client_secret":"4f7Kq2ZtR9vXw1Lm","client_name":"A","redirect_uris":["https://a.example/cb"]}`)...)
	before := must[*apps.Client](t)(h.store.Clients.Get(t.Context(), "a"))
	got := h.importClients(t, wire.ClientImport{Update: true},
		lines(`{"client_id":"a","client_name":"B","redirect_uris":["javascript:alert(1)"]}`,
			`{"client_id":"a","client_name":"B","allowed_groups":["none"]}`,
			`{"client_id":"a","client_name":"B","state":"odd"}`, `{"client_id":"a","client_name":1}`,
			`{"client_id":"a","client_name":"B","first_party":true}`)...)
	for _, line := range got {
		if !strings.HasPrefix(line, "a refused: ") {
			t.Error(line)
		}
	}
	if now := must[*apps.Client](t)(h.store.Clients.Get(t.Context(), "a")); len(got) != 5 ||
		!reflect.DeepEqual(now, before) {
		t.Errorf("%d answers; is %+v, was %+v", len(got), now, before)
	}
	if got := h.importClients(t, wire.ClientImport{Update: true, DryRun: true},
		lines(`{"client_id":"a","client_name":"B"}`)...); !slices.Equal(got, []string{"a changed"}) {
		t.Errorf("%q", got)
	}
	if now := must[*apps.Client](t)(h.store.Clients.Get(t.Context(), "a")); !reflect.DeepEqual(now, before) {
		t.Errorf("a dry run changed it: %+v", now)
	}
}

func TestAClientIsReachedUnderAnyIDThatItMayHave(t *testing.T) {
	h := newHouse(t, nil)
	callers := map[string]*client.Caller{"in process": h.Caller, "over the network": over(t, h.plain)}
	ids := []string{"https://app.example", "a:b", "my app", "a/../b", "a//b", "...", "%2E", "%2e%2e", "?x=y#z",
		"import", "~"}
	for how, caller := range callers {
		for _, id := range ids {
			entry := must[[]byte](t)(json.Marshal(map[string]any{"client_id": id,
				"client_secret": "4f7Kq2ZtR9vXw1Lm", "client_name": "App",
				"redirect_uris": []string{"https://a.example/cb"}}))
			done := must[[]wire.ImportedClient](t)(caller.ImportClients(t.Context(),
				wire.ClientImport{Clients: lines(string(entry))}))
			if done[0].Result != table.Created || (done[0].Note != "") != strings.ContainsAny(id, ":%+") {
				t.Fatalf("%s, %q: %+v", how, id, done)
			}
			if c := must[wire.Client](t)(caller.GetClient(t.Context(), id)); c.ClientID != id {
				t.Errorf("%s, %q: got %q", how, id, c.ClientID)
			}
			must[wire.Client](t)(caller.ChangeClient(t.Context(), id, client.Fields{"client_name": "Other"}))
			must[wire.Client](t)(caller.RotateSecret(t.Context(), id, 0))
			if c := must[wire.Client](t)(caller.SetClientState(t.Context(), id,
				apps.ClientSuspended)); c.ClientID != id || c.State != apps.ClientSuspended {
				t.Errorf("%s, %q: %+v", how, id, c)
			}
			if err := caller.DeleteClient(t.Context(), id); err != nil {
				t.Errorf("%s, %q: %v", how, id, err)
			}
		}
	}
}
