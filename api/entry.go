package api

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"latchkey/api/wire"
	"latchkey/internal/strictjson"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/usecase"
)

// readUserEntry merges the text of an entry into the account it is about, if there is
// one: decoding JSON into a filled struct leaves alone what the text does not name.
func readUserEntry(have *people.User, text []byte) (entry usecase.UserEntry, err error) {
	e := wire.UserEntry{}
	if have != nil {
		e.Account = userOf(have).Account
	}
	var said struct {
		Username      *string         `json:"username"`
		EmailVerified *bool           `json:"email_verified"`
		Roles         *[]storage.Role `json:"roles"`
		Disabled      *bool           `json:"disabled"`
	}
	if err := strictjson.UnmarshalKnown(text, &e); err != nil {
		return entry, entryFault(err)
	}
	if err := strictjson.Unmarshal(text, &said); err != nil {
		return entry, entryFault(err)
	}
	if name := e.PreferredUsername; name != "" {
		if said.Username != nil && *said.Username != name {
			return entry, &storage.Invalid{Field: "preferred_username",
				Reason: "is the username, and both are given and differ"}
		}
		e.Username = name
	}
	entry.Change = people.UserChange{Username: &e.Username, Email: &e.Email, EmailVerified: said.EmailVerified,
		Profile: &e.Claims, Roles: said.Roles, ExternalID: &e.ExternalID}
	entry.Disabled = said.Disabled
	entry.PasswordHash, err = passwordHash(e.PasswordHash)
	return entry, err
}

// passwordHash is the text of a hash; "" if there is none.
func passwordHash(text json.RawMessage) (string, error) {
	if len(text) == 0 || string(text) == "null" {
		return "", nil
	}
	encoded := string(text)
	if text[0] != '{' && strictjson.Unmarshal(text, &encoded) != nil {
		return "", &storage.Invalid{Field: "password_hash",
			Reason: "must be a string, or a credential object of Keycloak"}
	}
	return encoded, nil
}

// wireName is a field without the names of the Go structs that it is embedded in.
func wireName(field string) string {
	for {
		outer, inner, nested := strings.Cut(field, ".")
		if !nested || outer == strings.ToLower(outer) {
			return field
		}
		field = inner
	}
}

// entryFault says what is wrong with an entry's JSON without repeating any value.
func entryFault(err error) error {
	if odd := new(json.UnmarshalTypeError); errors.As(err, &odd) {
		kind, _, _ := strings.Cut(odd.Value, " ")
		if kind == "array" {
			kind = "list"
		}
		if odd.Field == "" {
			return &storage.Invalid{Field: "entry", Reason: "must be a JSON object, not a " + kind}
		}
		return &storage.Invalid{Field: wireName(odd.Field), Reason: "must not be a " + kind}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if plain, err := strconv.Unquote(name); err == nil {
			name = plain
		}
		return &storage.Invalid{Field: name, Reason: "is no field that can be set here"}
	}
	for _, rule := range []error{strictjson.ErrUTF8, strictjson.ErrSurrogate, strictjson.ErrTwice} {
		if errors.Is(err, rule) {
			return &storage.Invalid{Field: "entry", Reason: "cannot be taken: " + rule.Error()}
		}
	}
	return &storage.Invalid{Field: "entry", Reason: "must be a JSON object"}
}
