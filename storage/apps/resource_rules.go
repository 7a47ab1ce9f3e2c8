package apps

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

const (
	maxScopeName  = 64  // bytes
	maxScopeWords = 200 // bytes
	// resourceScopesMost bounds how many scopes a resource owns.
	maxResourceScopes = 50
	// ownedPosition puts the scopes of resources behind the provider's own.
	ownedPosition = 1000
)

// validName holds the name to the rules; was is the one that is stored, "" for a new one.
func (v *Resource) validName(was string) error {
	if strings.TrimSpace(v.Name) == "" || len(v.Name) > 100 {
		return storage.Invalidf("name", "must be 1 to 100 bytes long")
	}
	return storage.VisibleChange("name", was, v.Name)
}

// ResourceScope is a scope as its resource's owner describes it.
type ResourceScope struct {
	Name        string
	Words       string // completes "This app will be able to …"
	Sensitivity Sensitivity
	Open        bool // every approved client may ask a person for it
	Default     bool // of an open one: a request for the resource alone asks for it too
}

func validScopes(all []ResourceScope) error {
	const field = "scopes"
	if len(all) == 0 || len(all) > maxResourceScopes {
		return storage.Invalidf(field, "must be 1 to %d: a token is for an API by having one of its scopes",
			maxResourceScopes)
	}
	for i, sc := range all {
		if slices.ContainsFunc(all[:i], func(o ResourceScope) bool { return o.Name == sc.Name }) {
			return storage.Invalidf(field, "must not name %q twice", sc.Name)
		}
		if err := sc.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (sc ResourceScope) validate() error {
	const field = "scopes"
	if sc.Name == "" || len(sc.Name) > maxScopeName || strings.ContainsFunc(sc.Name, func(r rune) bool {
		return r < 0x21 || r > 0x7e || r == '"' || r == '\\'
	}) {
		return storage.Invalidf(field, "must have names of 1 to %d printable ASCII characters without spaces, quotes and backslashes (RFC 6749 section 3.3), not %q", maxScopeName, sc.Name)
	}
	if strings.TrimSpace(sc.Words) == "" || len(sc.Words) > maxScopeWords {
		return storage.Invalidf(field, "%q needs words for people, of 1 to %d bytes, that complete “this app will be able to …”", sc.Name, maxScopeWords)
	}
	if sc.Sensitivity > SensitivityHigh {
		return storage.Invalidf(field, "%q must be of low, medium or high sensitivity", sc.Name)
	}
	if sc.Default && !sc.Open {
		return storage.Invalidf(field, "%q must be open if it is a default: of others the client's registration decides", sc.Name)
	}
	return nil
}

// setOwnedScopes makes the scopes named the resource's, all of them, and retires those it had
// and has no more.
func (a *Apps) setOwnedScopes(tx kv.Txn, v *Resource, all []ResourceScope) error {
	had := v.Scopes
	v.Scopes = nil
	for _, sc := range all {
		have, err := a.checkOwnable(tx, v, sc.Name)
		if err != nil {
			return err
		}
		if err := storage.VisibleChange(fmt.Sprintf("scopes: the words of %q", sc.Name), have.Words,
			sc.Words); err != nil {
			return err
		}
		if err := a.Scopes.Put(tx, &Scope{Name: sc.Name, Words: sc.Words, Sensitivity: sc.Sensitivity,
			Position: ownedPosition, Owner: v.ID,
			Open: sc.Open, Default: sc.Default}); err != nil {
			return err
		}
		v.Scopes = append(v.Scopes, sc.Name)
	}
	for _, name := range had {
		if slices.Contains(v.Scopes, name) {
			continue
		}
		if err := a.Scopes.Put(tx, &Scope{Name: name, Retired: v.Identifier}); err != nil {
			return err
		}
	}
	return nil
}

// checkOwnable refuses a name that is, or was, not this resource's: grants and consents
// know scopes by name, and must never come to open another API. It returns the scope as
// it is stored, empty if it is not.
func (a *Apps) checkOwnable(r kv.Reader, v *Resource, name string) (Scope, error) {
	have, err := a.Scopes.Get(r, table.Key{}.Str(name))
	switch {
	case err != nil || have == nil:
		return Scope{}, err
	case have.Retired != "" && !v.Named(have.Retired):
		return Scope{}, storage.Invalidf("scopes",
			"must not name %q: it was a scope of %s, and users may have allowed it to apps", name, have.Retired)
	case have.Retired == "" && have.Owner != v.ID:
		return Scope{}, storage.Invalidf("scopes", "must not name %q: it is in the catalogue already", name)
	}
	return *have, nil
}
