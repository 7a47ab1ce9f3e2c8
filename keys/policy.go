package keys

import (
	"context"

	"latchkey/storage"
)

// Policy is what the operator decides about keys.
type Policy struct {
	Algorithms []string // enabled to sign; RS256 always is; none: RS256 and ES256
}

// PolicyOf is what the settings say about keys.
func PolicyOf(s storage.Settings) Policy { return Policy{Algorithms: s.SigningAlgorithms} }

// defaultPolicy is that of a ring nobody gave one.
func defaultPolicy(context.Context) (Policy, error) { return PolicyOf(storage.DefaultSettings()), nil }

// policy reads the policy in force, with its algorithms resolved.
func (r *Ring) policy(ctx context.Context) (p Policy, enabled []*algorithm, err error) {
	if p, err = r.readPolicy(ctx); err != nil {
		return p, nil, err
	}
	enabled, err = enabledAlgorithms(p.Algorithms)
	return p, enabled, err
}
