package apps

import (
	"context"
	"strings"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Resource is a protected resource of RFC 8707: an API that takes access tokens. It
// owns scopes of the catalogue, and a token is for it exactly while one of its scopes
// is in force in that token. It is no client, and never gets a token.
type Resource struct {
	// ID is also the name it authenticates by.
	ID storage.ID `cbor:"1,keyasint"`
	// Identifier is the resource indicator, and what tokens name as aud. It never
	// changes: whoever checks tokens by themselves knows the API by it.
	Identifier string    `cbor:"2,keyasint"`
	Name       string    `cbor:"3,keyasint"`
	Scopes     []string  `cbor:"4,keyasint,omitempty"` // names; what they mean is in the catalogue
	Secrets    []Secret  `cbor:"5,keyasint,omitempty"`
	Disabled   bool      `cbor:"6,keyasint,omitempty"`
	Created    time.Time `cbor:"7,keyasint"`
	Updated    time.Time `cbor:"8,keyasint"`
	Revision   uint64    `cbor:"9,keyasint"` // one more at every change
}

// LiveSecrets are those not expired at the instant t.
func (v *Resource) LiveSecrets(t time.Time) []Secret { return liveSecrets(v.Secrets, t) }

// Named reports whether the identifier is this resource's.
func (v *Resource) Named(identifier string) bool {
	return SameIdentifier(identifier, v.Identifier)
}

// Resources holds the registered resources. No id of one equals a client id or a
// user's subject.
type Resources struct{ apps *Apps }

const resourcesByIdentifier = 0

func resourceTable() table.Table[Resource] {
	return table.Table[Resource]{Name: "resources", Space: table.SpaceResources, Cache: &table.Decoded[Resource]{},
		Key: func(v *Resource) table.Key { return table.Key{}.ID(v.ID) }, Ready: (*Resource).ready,
		Indexes: []table.Index[Resource]{
			resourcesByIdentifier: {Field: "identifier", Space: table.SpaceResourcesByURI, Unique: true,
				Keys: func(v *Resource) []table.Key {
					return []table.Key{table.Key{}.Str(canonicalIdentifier(v.Identifier))}
				}},
		}}
}

func (v *Resource) ready(table.Key) {
	table.InUTC(&v.Created, &v.Updated)
	secretsInUTC(v.Secrets)
}

// NewResource is a resource about to be registered, with its first secret's hash.
type NewResource struct {
	Identifier  string
	Name        string
	Scopes      []ResourceScope
	Secret      []byte
	SecretLast4 string
}

// Create registers a resource. Errors: ErrForbidden, *Invalid, *Taken; ErrRepeated if
// once says that it was done before.
func (s Resources) Create(ctx context.Context, by storage.Actor, once policy.Once, n NewResource) (*Resource, error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	now, note := s.apps.DB.Instant(), s.apps.Trail.Note(by, audit.ActResourceCreated)
	v := Resource{ID: s.apps.DB.NewID(), Identifier: n.Identifier, Name: n.Name, Created: now, Updated: now,
		Revision: 1,
		Secrets:  []Secret{{ID: s.apps.DB.NewID(), Hash: n.Secret, Last4: n.SecretLast4, Created: now}}}
	if err := s.apps.checkResource(&v, n); err != nil {
		return nil, err
	}
	return table.Update(ctx, s.apps.DB, func(tx kv.Txn) (*Resource, error) {
		if err := s.apps.Policy.OnlyOnce(tx, once, v.ID.String(), now); err != nil {
			return nil, err
		}
		made := v
		if used, err := table.IDInUse(tx, made.ID); err != nil || used {
			return nil, storage.ErrOr(err, &storage.Taken{Field: "id"})
		}
		if err := s.apps.Resources.CheckUnique(tx, &made); err != nil {
			return nil, err // before its scopes, which are likely taken too
		}
		if err := s.apps.noClientNamed(tx, made.Identifier); err != nil {
			return nil, err
		}
		if err := s.apps.setOwnedScopes(tx, &made, n.Scopes); err != nil {
			return nil, err
		}
		if err := s.apps.Resources.Put(tx, &made); err != nil {
			return nil, err
		}
		if err := s.apps.NewEdition(tx); err != nil {
			return nil, err
		}
		return &made, s.apps.Trail.Audit.Put(tx, note.About(storage.ID{}, "", made.Identifier))
	})
}

// noClientNamed refuses the id of a client as an identifier, with or without the slash
// that makes no difference to one.
func (a *Apps) noClientNamed(r kv.Reader, identifier string) error {
	canonical := canonicalIdentifier(identifier)
	for _, form := range []string{canonical, strings.TrimSuffix(canonical, "/")} {
		if !SameIdentifier(form, identifier) {
			continue
		}
		if c, err := a.Clients.Get(r, table.Key{}.Str(form)); err != nil || c != nil {
			return storage.ErrOr(err, storage.Invalidf("identifier", "must not be the client_id of an app"))
		}
	}
	return nil
}

// checkResource applies the rules that need no transaction.
func (a *Apps) checkResource(v *Resource, n NewResource) error {
	if len(n.Secret) == 0 {
		return storage.Invalidf("client_secret", "must not be empty")
	}
	if err := a.validIdentifier(v.Identifier); err != nil {
		return err
	}
	if err := v.validName(""); err != nil {
		return err
	}
	return validScopes(n.Scopes)
}
