package apps

import (
	"slices"
)

// Targets are the resources that a token request names (RFC 8707 section 2.2), by
// their identifiers. None: no narrowing. Provider is the name of the provider itself,
// which owns the scopes that are no resource's.
type Targets struct {
	Resources []string // none of them empty
	Provider  string
}

func (t Targets) includes(resource string, o *Offer) bool {
	if o.Resource == nil {
		return SameIdentifier(resource, t.Provider)
	}
	return o.Resource.Named(resource)
}

// To leaves the scopes of the resources that are named. bad is one that owns none of
// them.
func (all Offers) To(t Targets) (some Offers, bad string) {
	if len(t.Resources) == 0 {
		return all, ""
	}
	for _, name := range t.Resources {
		if !slices.ContainsFunc(all, func(o *Offer) bool { return t.includes(name, o) }) {
			return nil, name
		}
	}
	return all.That(func(o *Offer) bool {
		return slices.ContainsFunc(t.Resources, func(name string) bool { return t.includes(name, o) })
	}), ""
}
