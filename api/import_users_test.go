package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey/api"
	"latchkey/api/wire"
	"latchkey/storage"
)

func lines(texts ...string) (all []json.RawMessage) {
	for _, text := range texts {
		all = append(all, json.RawMessage(text))
	}
	return all
}

func told(done []wire.ImportedUser) (all []string) {
	for _, d := range done {
		all = append(all, strings.TrimSuffix(fmt.Sprintf("%s %s: %s", d.Username, d.Result, d.Reason), ": "))
	}
	return all
}

func TestEachUserOfAnImportIsTakenOrRefusedByItself(t *testing.T) {
	h := newHouse(t, nil)
	done := must[[]wire.ImportedUser](t)(h.ImportUsers(t.Context(), wire.UserImport{Users: lines(
		`{"username":"ada","email":"ada@example.org","email_verified":true,"external_id":"1","password_hash":"`+foreignHash+`","address":{"locality":"London"}}`,
		`{"preferred_username":"bob","password_hash":`+keycloak+`,"disabled":true}`,
		`{"username":"eve","password_hash":"bad"}`,
		`{"username":"eve","nmae":"Eve"}`,
		`{"username":"eve","name":1}`,
		`{"username":"eve","roles":["admin"]}`,
		`{"username":"eve","roles":[]}`,
		`{"username":"eve","sub":"x"}`,
		`[]`, `7`, `null`,
		`{"username":"ADA"}`,
		`{"username":"zoe","external_id":"1"}`,
	)}))
	want := []string{"ada created", "bob created",
		"eve refused: password_hash cannot be taken: it is none of argon2i, argon2id, bcrypt, scrypt and PBKDF2 in a usual notation",
		"eve refused: nmae is no field that can be set here", "eve refused: name must not be a number",
		"eve refused: roles are not taken by an import unless it is allowed",
		"eve refused: roles are not taken by an import unless it is allowed",
		"eve refused: sub is no field that can be set here", " refused: entry must be a JSON object, not a list",
		" refused: entry must be a JSON object, not a number",
		" refused: username must be 1 to 64 bytes long", "ADA refused: username is already taken",
		"zoe refused: external_id is already taken"}
	if got := told(done); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	bob := must[wire.User](t)(h.FindUser(t.Context(), "bob"))
	if !bob.Disabled || !bob.HasPassword || bob.Sub != done[1].Sub {
		t.Errorf("%+v", bob)
	}
	admin := must[[]wire.ImportedUser](t)(h.ImportUsers(t.Context(),
		wire.UserImport{Users: lines(`{"username":"eve","roles":["admin"]}`), AllowAdmin: true}))
	if got := told(admin); got[0] != "eve created" {
		t.Errorf("%q", got)
	}
}

func TestSameExternalIDTwiceInAnImportMeansOneUserTheLastWord(t *testing.T) {
	h := newHouse(t, nil)
	done := must[[]wire.ImportedUser](t)(h.ImportUsers(t.Context(), wire.UserImport{Update: true, Users: lines(
		`{"username":"ada","external_id":"1","nickname":"A"}`, `{"username":"bob"}`,
		`{"external_id":"1","name":"Ada"}`)}))
	if got := told(done); !slices.Equal(got, []string{"ada created", "bob created", "ada changed"}) {
		t.Errorf("%q", got)
	}
	if u := must[wire.User](t)(h.FindUser(t.Context(), "1")); u.Name != "Ada" || u.Nickname != "A" {
		t.Errorf("%+v", u)
	}
}

func TestImportIsBoundedAndForAdministrators(t *testing.T) {
	h := newHouse(t, nil)
	var many []json.RawMessage
	for i := range 101 {
		many = append(many, json.RawMessage(fmt.Sprintf(`{"username":"u%d"}`, i)))
	}
	var p *wire.Problem
	if _, err := h.ImportUsers(t.Context(), wire.UserImport{Users: many}); !errors.As(err, &p) || p.Status != 422 {
		t.Error(err)
	}
	if _, err := h.ImportUsers(t.Context(), wire.UserImport{Users: many[:100]}); err != nil {
		t.Error(err)
	}
	nobody := newHouse(t, func(o *api.Options) {
		o.Actor = func(context.Context) storage.Actor { return storage.Actor{Via: storage.ViaPage} }
	})
	if _, err := nobody.ImportUsers(t.Context(), wire.UserImport{Users: many[:1]}); !errors.Is(err,
		storage.ErrForbidden) {
		t.Error(err)
	}
}
