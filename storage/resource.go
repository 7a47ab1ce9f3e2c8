package storage

import (
	"context"
	"strings"
	"time"

	"latchkey/storage/kv"
)

// Resource is a protected resource of RFC 8707: an API that takes access tokens. It
// owns scopes of the catalogue, and a token is for it exactly while one of its scopes
// is in force in that token. It is no client, and never gets a token.
type Resource struct {
	// ID is also the name it authenticates by.
	ID ID `cbor:"1,keyasint"`
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
type Resources struct{ b *base }

const resourcesByIdentifier = 0

func resourceTable() table[Resource] {
	return table[Resource]{name: "resources", space: spaceResources, cache: &decoded[Resource]{},
		key: func(v *Resource) key { return key{}.id(v.ID) }, ready: (*Resource).ready,
		indexes: []index[Resource]{
			resourcesByIdentifier: {field: "identifier", space: spaceResourcesByURI, unique: true, keys: func(v *Resource) []key {
				return []key{key{}.str(canonicalIdentifier(v.Identifier))}
			}},
		}}
}

func (v *Resource) ready(key) {
	inUTC(&v.Created, &v.Updated)
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
func (s Resources) Create(ctx context.Context, by Actor, once Once, n NewResource) (*Resource, error) {
	if err := by.mayManage(); err != nil {
		return nil, err
	}
	now, note := s.b.instant(), s.b.note(by, ActResourceCreated)
	v := Resource{ID: s.b.newID(), Identifier: n.Identifier, Name: n.Name, Created: now, Updated: now, Revision: 1,
		Secrets: []Secret{{ID: s.b.newID(), Hash: n.Secret, Last4: n.SecretLast4, Created: now}}}
	if err := s.b.checkResource(&v, n); err != nil {
		return nil, err
	}
	return update(ctx, s.b, func(tx kv.Txn) (*Resource, error) {
		if err := s.b.onlyOnce(tx, once, v.ID.String(), now); err != nil {
			return nil, err
		}
		made := v
		if used, err := idInUse(tx, made.ID); err != nil || used {
			return nil, errOr(err, &Taken{Field: "id"})
		}
		if err := s.b.resources.conflict(tx, &made); err != nil {
			return nil, err // before its scopes, which are likely taken too
		}
		if err := s.b.noClientNamed(tx, made.Identifier); err != nil {
			return nil, err
		}
		if err := s.b.own(tx, &made, n.Scopes); err != nil {
			return nil, err
		}
		if err := s.b.resources.put(tx, &made); err != nil {
			return nil, err
		}
		if err := s.b.changed(tx); err != nil {
			return nil, err
		}
		return &made, s.b.audit.put(tx, note.about(ID{}, "", made.Identifier))
	})
}

// noClientNamed refuses the id of a client as an identifier, with or without the slash
// that makes no difference to one.
func (b *base) noClientNamed(r kv.Reader, identifier string) error {
	canonical := canonicalIdentifier(identifier)
	for _, form := range []string{canonical, strings.TrimSuffix(canonical, "/")} {
		if !SameIdentifier(form, identifier) {
			continue
		}
		if c, err := b.clients.get(r, key{}.str(form)); err != nil || c != nil {
			return errOr(err, invalid("identifier", "must not be the client_id of an app"))
		}
	}
	return nil
}

// checkResource applies the rules that need no transaction.
func (b *base) checkResource(v *Resource, n NewResource) error {
	if len(n.Secret) == 0 {
		return invalid("client_secret", "must not be empty")
	}
	if err := b.validIdentifier(v.Identifier); err != nil {
		return err
	}
	if err := v.validName(""); err != nil {
		return err
	}
	return validScopes(n.Scopes)
}
