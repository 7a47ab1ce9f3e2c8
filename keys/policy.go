package keys

import (
	"context"
	"time"

	"latchkey/storage/policy"
)

// Policy is what the operator decides about keys.
type Policy struct {
	Algorithms []string      // enabled to sign; RS256 always is; none: RS256 and ES256
	Interval   time.Duration // how long a key signs or seals; 0: until Rotate
	Keep       time.Duration // how long a key that no longer does is kept
	Changed    time.Time     // when it became what it is, at the latest; zero: long ago
}

const (
	// lead is how long a key is published before it signs, if nobody is in a hurry:
	// there are clients that look at the key set once a day.
	lead = 24 * time.Hour
	// leadLeast is the same for somebody who is. The key set may be kept for five
	// minutes; as much again is for caches that keep it longer, and for other
	// processes, which notice a new key within a minute.
	minLead = 10 * time.Minute
	// briefMost is the longest life of what does not live as long as a session:
	// tokens, authorizations in progress, links that act once.
	maxBrief = 7 * 24 * time.Hour
	// keepMargin is for clocks that were wrong for a while.
	keepMargin = 24 * time.Hour
)

// PolicyOf is what the settings say about keys. Keys are kept until the longest
// session has ended, since an ID token may be presented, long after its own end, to
// sign out of the session it was issued in (OpenID Connect RP-Initiated Logout 1.0
// section 2).
func PolicyOf(s policy.Settings) Policy {
	return Policy{
		Algorithms: s.SigningAlgorithms,
		Interval:   policy.Seconds(*s.KeyRotation),
		Keep:       max(policy.Seconds(s.Lifetimes.SessionAbsolute), maxBrief) + keepMargin,
		Changed:    time.Unix(int64(s.Changed), 0).UTC(),
	}
}

// ends is when a key that was retired then is removed. A policy removes nothing before it
// has stood for a day: a mistyped lifetime can be taken back, a key that is gone cannot.
func (p Policy) ends(retired time.Time) time.Time {
	return later(retired.Add(p.Keep), p.Changed.Add(keepMargin))
}

// defaultPolicy is that of a ring nobody gave one.
func defaultPolicy(context.Context) (Policy, error) {
	return PolicyOf(policy.DefaultSettings()), nil
}

// policy reads the policy in force, with its algorithms resolved.
func (r *Ring) policy(ctx context.Context) (p Policy, enabled []*algorithm, err error) {
	if p, err = r.readPolicy(ctx); err != nil {
		return p, nil, err
	}
	enabled, err = enabledAlgorithms(p.Algorithms)
	return p, enabled, err
}
