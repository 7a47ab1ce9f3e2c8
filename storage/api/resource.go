package api

import (
	"context"
	"time"

	"latchkey/storage/apps"
)

// ResourceScope is a scope that a resource owns.
type ResourceScope struct {
	Name        string `json:"name" doc:"What apps ask for (RFC 6749 section 3.3)"`
	Words       string `json:"words" doc:"For people: completes “this app will be able to …”"`
	Sensitivity string `json:"sensitivity,omitempty" enum:"low,medium,high" doc:"How carefully an app that asks for it is to be reviewed; default low"`
	Open        bool   `json:"open,omitempty" doc:"Any approved client may ask a person for it, with consent; it is given to none by client credentials"`
	Default     bool   `json:"default,omitempty" doc:"Of an open scope: a request that names the resource and none of its scopes asks for it too"`
}

// sensitivities are the names of storage's, by their numbers.
var sensitivities = []string{"low", "medium", "high"}

// NewResource is a resource to be registered.
type NewResource struct {
	Identifier string          `json:"identifier" doc:"The resource indicator (RFC 8707) and the aud of its tokens: an absolute URI without a fragment. It never changes"`
	Name       string          `json:"name"`
	Scopes     []ResourceScope `json:"scopes" doc:"1 to 50. A token is for the resource if it has one of them"`
}

// Resource is a registered API: who takes access tokens.
type Resource struct {
	ID string `json:"id" doc:"What it authenticates by at introspection"`
	// ClientSecret is there once: when it has just been made.
	ClientSecret string           `json:"client_secret,omitempty" doc:"Only in the answer that made it"`
	Secrets      []ResourceSecret `json:"secrets,omitempty"`
	Disabled     bool             `json:"disabled"`
	Revision     uint64           `json:"revision" doc:"One more at every change"`
	CreatedAt    time.Time        `json:"created_at"`
	UpdatedAt    time.Time        `json:"updated_at"`
	Clients      *int             `json:"clients,omitempty" doc:"How many clients may ask for its scopes. Only in the answer that shows one resource"`
	NewResource
}

// ResourceSecret is what is known of a resource's secret.
type ResourceSecret struct {
	ID string `json:"id"`
	Secret
}

// Resources is a page of resources, oldest first. Next goes on from here; empty at the
// end.
type Resources struct {
	Resources []Resource `json:"resources"`
	Next      string     `json:"next,omitempty"`
}

func (r *routes) resourceOf(ctx context.Context, v *apps.Resource) (Resource, error) {
	shown := Resource{ID: v.ID.String(), Disabled: v.Disabled, Revision: v.Revision, CreatedAt: v.Created, UpdatedAt: v.Updated,
		NewResource: NewResource{Identifier: v.Identifier, Name: v.Name, Scopes: []ResourceScope{}}}
	for _, s := range v.Secrets {
		shown.Secrets = append(shown.Secrets, ResourceSecret{ID: s.ID.String(), Secret: secretOf(s)})
	}
	scopes, err := r.Store.Resources.Scopes(ctx, v)
	for _, sc := range scopes {
		shown.Scopes = append(shown.Scopes, ResourceScope{Name: sc.Name, Words: sc.Words, Sensitivity: sensitivities[sc.Sensitivity], Open: sc.Open, Default: sc.Default})
	}
	return shown, err
}

// storedScopes are none if none were named, and an empty list if that was.
func storedScopes(all []ResourceScope) []apps.ResourceScope {
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
