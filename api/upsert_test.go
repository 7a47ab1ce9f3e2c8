package api_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/people"
)

// Hashes that another system made.
const (
	foreignHash = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
	anotherHash = "$2b$10$abcdefghijklmnopqrstuuIjZAgcfl7p92ldGxad68LJZdL17lhWy"
	keycloak    = `{"credentialData":"{\"hashIterations\":27500,\"algorithm\":\"pbkdf2-sha256\"}","secretData":"{\"value\":\"cGFzc3dvcmQgaGFzaCBvZiAzMiBieXRlcyBoZXJlIQ==\",\"salt\":\"c2FsdHNhbHRzYWx0c2FsdA==\"}"}`
)

func TestUpsertMakesThenChangesWhatItNames(t *testing.T) {
	h := newHouse(t, nil)
	made := must[wire.User](t)(h.UpsertUser(t.Context(), "https://x.example/u/1?a=b&c", client.Fields{
		"preferred_username": "ada", "email": "ada@example.org", "email_verified": true, "name": "Ada",
		"roles":   []string{"admin"},
		"address": map[string]any{"locality": "London"}, "password_hash": foreignHash}))
	id, _ := storage.ParseID(made.Sub)
	stored := must[*people.User](t)(h.store.Users.Get(t.Context(), id))
	if made.ExternalID != "https://x.example/u/1?a=b&c" || len(stored.Password) == 0 {
		t.Errorf("%+v, password %q", made, stored.Password)
	}
	again := must[wire.User](t)(h.UpsertUser(t.Context(), made.ExternalID,
		client.Fields{"nickname": "A", "address": map[string]any{"country": "UK"}, "password_hash": anotherHash}))
	want := made.Account
	want.Nickname, want.Address.Country = "A", "UK"
	if again.Sub != made.Sub || !reflect.DeepEqual(again.Account, want) {
		t.Errorf("got  %+v\nwant %+v", again.Account, want)
	}
	if u := must[*people.User](t)(h.store.Users.Get(t.Context(), id)); string(u.Password) != string(stored.Password) {
		t.Error("the password was touched")
	}
	if found := must[wire.User](t)(h.FindUser(t.Context(), made.ExternalID)); found.Sub != made.Sub {
		t.Errorf("%+v", found)
	}
}

func TestUpsertRefusesInTheFieldsNames(t *testing.T) {
	h := newHouse(t, nil)
	must[wire.User](t)(h.UpsertUser(t.Context(), "1", client.Fields{"username": "ada"}))
	for want, f := range map[string]client.Fields{
		"username must be 1 to 64":              {},
		"username is already taken":             {"username": "ADA"},
		"external_id must be left out":          {"username": "bob", "external_id": "3"},
		"password_hash cannot be taken":         {"username": "bob", "password_hash": "bad"},
		"password_hash must be a string":        {"username": "bob", "password_hash": 7},
		"preferred_username is the username":    {"username": "bob", "preferred_username": "eve"},
		"email must be an address":              {"username": "bob", "email": "@"},
		"nmae":                                  {"username": "bob", "nmae": "x"},
		"expected value to be one of \"admin\"": {"username": "bob", "roles": []string{"root"}},
	} {
		if _, err := h.UpsertUser(t.Context(), "2", f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", f, err, want)
		}
	}
	if _, err := h.UpsertUser(t.Context(), "", client.Fields{"username": "bob"}); err == nil {
		t.Error("without an external id")
	}
	if _, err := h.FindUser(t.Context(), "bob"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a refused entry made somebody: %v", err)
	}
}

// FuzzUpsertEntry: whatever an entry holds, it is taken or refused as the caller's
// mistake, and no hash it carried comes back.
func FuzzUpsertEntry(f *testing.F) {
	f.Add(`{"username":"ada"}`)
	f.Add(`{"username":"ada","password_hash":{"good":1},"address":null,"roles":null}`)
	f.Add(`[1]`)
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		h := newHouse(t, nil)
		_, err := h.ImportUsers(t.Context(),
			wire.UserImport{Users: []json.RawMessage{json.RawMessage(text)}, Update: true})
		if p := new(wire.Problem); errors.As(err, &p) && p.Status >= 500 {
			t.Error(err)
		}
	})
}
