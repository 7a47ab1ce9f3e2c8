package usecase

import (
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/policy"
)

// AddResource adds a resource with a secret, which is returned this once.
func (o *Operations) AddResource(ctx context.Context, by storage.Actor, once policy.Once,
	n apps.NewResource) (added *apps.Resource, secret string, err error) {
	secret, n.Secret, n.SecretLast4 = o.newSecret()
	added, err = o.Store.Resources.Create(ctx, by, once, n)
	return added, secret, err
}

// AddResourceSecret gives a resource a new secret, which is returned this once. Earlier
// ones stay valid for overlap.
func (o *Operations) AddResourceSecret(ctx context.Context, by storage.Actor, id storage.ID,
	overlap time.Duration) (changed *apps.Resource, secret string, err error) {
	if err := checkOverlap(overlap); err != nil {
		return nil, "", err
	}
	secret, hash, last := o.newSecret()
	changed, err = o.Store.Resources.AddSecret(ctx, by, id, hash, last, overlap)
	return changed, secret, err
}
