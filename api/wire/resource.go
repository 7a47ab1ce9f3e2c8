package wire

import (
	"time"
)

// ResourceScope is a scope that a resource owns.
type ResourceScope struct {
	Name        string `json:"name" doc:"What apps ask for (RFC 6749 section 3.3)"`
	Words       string `json:"words" doc:"For people: completes “this app will be able to …”"`
	Sensitivity string `json:"sensitivity,omitempty" enum:"low,medium,high" doc:"How carefully an app that asks for it is to be reviewed; default low"`
	Open        bool   `json:"open,omitempty" doc:"Any approved client may ask a person for it, with consent; it is given to none by client credentials"`
	Default     bool   `json:"default,omitempty" doc:"Of an open scope: a request that names the resource and none of its scopes asks for it too"`
}

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
