package apps

import (
	"slices"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Offer is a scope that can be asked for now, with the resource that it opens.
type Offer struct {
	*Scope
	Resource *Resource // nil: this provider
}

// resourceIdentifier is the identifier of the resource; empty: it is the provider's.
func (o *Offer) resourceIdentifier() string {
	if o.Resource == nil {
		return ""
	}
	return o.Resource.Identifier
}

// offerOf is the offer of a scope. Nil if it is retired, or its resource is disabled.
func (a *Apps) offerOf(r kv.Reader, sc *Scope) (*Offer, error) {
	if sc.Retired != "" {
		return nil, nil
	}
	if sc.Owner.IsZero() {
		return &Offer{Scope: sc}, nil
	}
	owner, err := a.Resources.Shared(r, table.Key{}.ID(sc.Owner))
	if err != nil || owner == nil || owner.Disabled {
		return nil, err
	}
	return &Offer{Scope: sc, Resource: owner}, nil
}

// Offers are scopes with their resources. For whom a token is follows from them
// alone: nothing else says it.
type Offers []*Offer

func (all Offers) That(keep func(*Offer) bool) (some Offers) {
	for _, o := range all {
		if keep(o) {
			some = append(some, o)
		}
	}
	return some
}

// Names are the scopes' names.
func (all Offers) Names() []string {
	names := make([]string, 0, len(all))
	for _, o := range all {
		names = append(names, o.Name)
	}
	return names
}

func (all Offers) Claims() []string {
	n := 0
	for _, o := range all {
		n += len(o.Claims)
	}
	claims := make([]string, 0, n)
	for _, o := range all {
		claims = append(claims, o.Claims...)
	}
	return claims
}

// Of are the scopes that a resource owns.
func (all Offers) Of(resource storage.ID) Offers {
	return all.That(func(o *Offer) bool { return o.Owner == resource })
}

// Audience are the resources that own the scopes, in their order, each once. own
// says that a scope is no resource's: it is the provider's.
func (all Offers) Audience() (resources []*Resource, own bool) {
	for _, o := range all {
		switch {
		case o.Resource == nil:
			own = true
		case !slices.ContainsFunc(resources, func(r *Resource) bool { return r.ID == o.Resource.ID }):
			resources = append(resources, o.Resource)
		}
	}
	return resources, own
}
