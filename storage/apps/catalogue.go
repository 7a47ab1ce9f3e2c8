package apps

import (
	"cmp"
	"context"
	"slices"

	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// edition counts the changes of the catalogue, so that what was made of it is known
// to be up to date by reading one number.
type edition struct {
	Number uint64 `cbor:"1,keyasint"`
}

func editionTable() table.Table[edition] {
	return table.Table[edition]{Name: "catalogue", Space: table.SpaceCatalogue, Cache: &table.Decoded[edition]{},
		Key: func(*edition) table.Key { return nil }}
}

// Catalogue is all that can be asked for now, in the order in which people read it.
// It is shared: not to be changed.
type Catalogue struct {
	Edition   uint64 // another number: another catalogue
	Offers    Offers
	byName    map[string]*Offer
	resources map[string]*Resource // by canonical identifier
}

// Offer is the scope of that name; nil: there is none to ask for.
func (c *Catalogue) Offer(name string) *Offer { return c.byName[name] }

// Resource is the one that this identifier names; nil: none that is in use.
func (c *Catalogue) Resource(identifier string) *Resource {
	return c.resources[canonicalIdentifier(identifier)]
}

// Catalogue returns the catalogue as it is now. It costs one small read while nothing
// changes.
func (s Scopes) Catalogue(ctx context.Context) (*Catalogue, error) {
	return table.View(ctx, s.apps.DB, s.apps.CatalogueIn)
}

// Terms are what tokens are made on: the catalogue, and the settings of the same
// moment. Both are shared: not to be changed.
type Terms struct {
	*Catalogue
	Settings *policy.Settings
}

// Terms returns those of now.
func (s Scopes) Terms(ctx context.Context) (Terms, error) {
	return table.View(ctx, s.apps.DB, func(r kv.Reader) (t Terms, err error) {
		if t.Settings, err = s.apps.Policy.SettingsIn(r); err != nil {
			return Terms{}, err
		}
		t.Catalogue, err = s.apps.CatalogueIn(r)
		return t, err
	})
}

// CatalogueIn is the catalogue as a transaction sees it.
func (a *Apps) CatalogueIn(r kv.Reader) (*Catalogue, error) {
	now, err := a.Edition.Shared(r, nil)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = &edition{} // no resource was ever registered
	}
	if last := a.catalogue.Load(); last != nil && last.Edition == now.Number {
		return last, nil
	}
	fresh, err := a.readCatalogue(r, now.Number)
	if err != nil {
		return nil, err
	}
	if _, writes := r.(kv.Txn); !writes { // what a transaction saw counts only once it is committed
		a.catalogue.Store(fresh)
	}
	return fresh, nil
}

func (apps *Apps) readCatalogue(r kv.Reader, number uint64) (*Catalogue, error) {
	c := &Catalogue{Edition: number, byName: map[string]*Offer{}, resources: map[string]*Resource{}}
	for after := []byte(nil); ; {
		p, err := apps.Scopes.Scan(r, nil, after, 1000, false)
		if err != nil {
			return nil, err
		}
		for _, sc := range p.Items {
			o, err := apps.offerOf(r, sc)
			if err != nil {
				return nil, err
			}
			if o == nil {
				continue
			}
			c.Offers, c.byName[o.Name] = append(c.Offers, o), o
			if o.Resource != nil {
				c.resources[canonicalIdentifier(o.Resource.Identifier)] = o.Resource
			}
		}
		if after = p.Next; after == nil {
			break
		}
	}
	slices.SortFunc(c.Offers, func(a, b *Offer) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position),
			cmp.Compare(a.resourceIdentifier(), b.resourceIdentifier()), cmp.Compare(a.Name, b.Name))
	})
	return c, nil
}

// NewEdition marks the catalogue as another one.
func (a *Apps) NewEdition(tx kv.Txn) error {
	now, err := a.Edition.Get(tx, nil)
	if err != nil {
		return err
	}
	if now == nil {
		now = &edition{}
	}
	now.Number++
	return a.Edition.Put(tx, now)
}
