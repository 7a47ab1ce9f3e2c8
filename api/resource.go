package api

import (
	"context"

	"latchkey/api/wire"
	"latchkey/storage/apps"
)

// sensitivities are the names of storage's, by their numbers.
var sensitivities = []string{"low", "medium", "high"}

func (r *routes) resourceOf(ctx context.Context, v *apps.Resource) (wire.Resource, error) {
	shown := wire.Resource{ID: v.ID.String(), Disabled: v.Disabled, Revision: v.Revision, CreatedAt: v.Created,
		UpdatedAt:   v.Updated,
		NewResource: wire.NewResource{Identifier: v.Identifier, Name: v.Name, Scopes: []wire.ResourceScope{}}}
	for _, s := range v.Secrets {
		shown.Secrets = append(shown.Secrets, wire.ResourceSecret{ID: s.ID.String(), Secret: secretOf(s)})
	}
	scopes, err := r.Operations.Store.Resources.Scopes(ctx, v)
	for _, sc := range scopes {
		shown.Scopes = append(shown.Scopes,
			wire.ResourceScope{Name: sc.Name, Words: sc.Words, Sensitivity: sensitivities[sc.Sensitivity],
				Open: sc.Open, Default: sc.Default})
	}
	return shown, err
}

// storedScopes are none if none were named, and an empty list if that was.
func storedScopes(all []wire.ResourceScope) []apps.ResourceScope {
	if all == nil {
		return nil
	}
	stored := make([]apps.ResourceScope, 0, len(all))
	for _, sc := range all {
		s := apps.ResourceScope{Name: sc.Name, Words: sc.Words, Open: sc.Open, Default: sc.Default}
		for i, name := range sensitivities {
			if name == sc.Sensitivity {
				s.Sensitivity = apps.Sensitivity(i)
			}
		}
		stored = append(stored, s)
	}
	return stored
}
