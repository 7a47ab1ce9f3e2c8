package apps

import (
	"slices"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// AddFirstPartyScopes writes those that are missing, and those that somebody else
// might have under such a name: the API trusts the names.
func (a *Apps) AddFirstPartyScopes(tx kv.Txn) error {
	for _, s := range FirstPartyScopes() {
		have, err := a.Scopes.Get(tx, table.Key{}.Str(s.Name))
		if err != nil {
			return err
		}
		if have != nil && have.FirstParty {
			continue
		}
		if err := a.Scopes.Put(tx, &s); err != nil {
			return err
		}
	}
	return nil
}

// Sensitivity says how carefully a scope is to be reviewed and shown.
type Sensitivity uint8

// From what every app may ask to what a reviewer must look at.
const (
	SensitivityLow Sensitivity = iota
	SensitivityMedium
	SensitivityHigh
)

// Scope is an entry of the catalogue: what an app may ask for, in plain words,
// and the claims that come with it.
type Scope struct {
	Name        string      `cbor:"1,keyasint" json:"name"`
	Words       string      `cbor:"2,keyasint" json:"words"` // completes "This app will be able to …"
	Claims      []string    `cbor:"3,keyasint,omitempty" json:"claims"`
	Sensitivity Sensitivity `cbor:"4,keyasint,omitempty" json:"sensitivity"`
	// Position orders the catalogue where people read it.
	Position uint32 `cbor:"5,keyasint,omitempty" json:"position"`
	// Owner is the resource that the scope opens; zero: this provider.
	Owner storage.ID `cbor:"6,keyasint,omitzero" json:"owner,omitzero"`
	// Retired is the identifier of the resource that owned the scope before; then it
	// is in the catalogue no more. Users allowed it by its name, so the name is never
	// another resource's.
	Retired string `cbor:"7,keyasint,omitempty" json:"-"`
	// FirstParty keeps the scope to clients that are the platform's own and prove
	// who they are: see [Client.MayHave].
	FirstParty bool `cbor:"8,keyasint,omitempty" json:"first_party,omitempty"`
	// Open lets every approved client ask a person for the scope: see [Client.MayAsk].
	// Only scopes of resources are open; a first-party one never is.
	Open bool `cbor:"9,keyasint,omitempty" json:"open,omitempty"`
	// Default makes an open scope part of what a request means that names its resource
	// and none of its scopes.
	Default bool `cbor:"10,keyasint,omitempty" json:"default,omitempty"`
}

// The standard scopes of OpenID Connect Core section 5.4 and of Latchkey.
const (
	ScopeOpenID        = "openid"
	ScopeProfile       = "profile"
	ScopeEmail         = "email"
	ScopeAddress       = "address"
	ScopePhone         = "phone"
	ScopeOfflineAccess = "offline_access"
	ScopePatreon       = "patreon"
	ScopeGroups        = "groups"
)

// The scopes that open the administration API: to look, and to do everything.
const (
	ScopeAdminRead = "admin.read"
	ScopeAdmin     = "admin"
)

// ClaimGroups is the claim that the scope groups gives: an array of names.
const ClaimGroups = "groups"

func CatalogueScopes() []Scope {
	return []Scope{
		{Name: ScopeOpenID, Words: "know that it is you", Claims: []string{"sub"}, Position: 1},
		{Name: ScopeProfile, Words: "see your profile", Position: 2, Claims: []string{
			"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
			"picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"}},
		{Name: ScopeEmail, Words: "see your e-mail address", Claims: []string{"email", "email_verified"},
			Sensitivity: SensitivityMedium, Position: 3},
		{Name: ScopeAddress, Words: "see your postal address", Claims: []string{"address"},
			Sensitivity: SensitivityHigh, Position: 4},
		{Name: ScopePhone, Words: "see your phone number",
			Claims: []string{"phone_number", "phone_number_verified"}, Sensitivity: SensitivityHigh, Position: 5},
		{Name: ScopePatreon, Words: "see your Patreon membership and payments", Claims: []string{"patreon"},
			Sensitivity: SensitivityMedium, Position: 6},
		{Name: ScopeGroups, Words: "see which groups you belong to", Claims: []string{"groups"},
			Sensitivity: SensitivityMedium, Position: 7},
		{Name: ScopeOfflineAccess, Words: "stay connected when you are away", Position: 8},
	}
}

// ScopeWordsBefore are words that standard scopes had in files of older versions.
var ScopeWordsBefore = map[string]string{
	ScopeProfile: "see your name and picture",
	ScopePatreon: "see your Patreon membership",
}

// FirstPartyScopes are in every catalogue, whatever the version that began it.
func FirstPartyScopes() []Scope {
	return []Scope{
		{Name: ScopeAdminRead, Words: "see every account, app, group and setting of this platform",
			Sensitivity: SensitivityHigh, Position: 9, FirstParty: true},
		{Name: ScopeAdmin, Words: "administer this platform: change every account, app, group and setting",
			Sensitivity: SensitivityHigh, Position: 10, FirstParty: true},
	}
}

// IsOwnScope reports whether a scope is the provider's own, which none of a resource
// can ever be called like.
func IsOwnScope(name string) bool {
	is := func(s Scope) bool { return s.Name == name }
	return slices.ContainsFunc(CatalogueScopes(), is) || slices.ContainsFunc(FirstPartyScopes(), is)
}

// Scopes is the catalogue.
type Scopes struct{ apps *Apps }

func scopeTable() table.Table[Scope] {
	return table.Table[Scope]{Name: "scopes", Space: table.SpaceScopes,
		Key:   func(s *Scope) table.Key { return table.Key{}.Str(s.Name) },
		Cache: &table.Decoded[Scope]{}}
}
