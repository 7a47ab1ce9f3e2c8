package api

import (
	"context"
	"crypto/sha256"
	"errors"

	"latchkey/storage"
	"latchkey/storage/policy"

	"github.com/danielgtaylor/huma/v2"
)

// made is the answer of a request that makes something.
type made[T any] struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true if an earlier request with this Idempotency-Key made it"`
	Body     T
}

// repeat is a request that may have been sent before.
type repeat struct {
	operation, key string
	body           []byte
}

// repeatable makes something, or shows what the same request has made within 24
// hours: as it is by now, and without a secret, of which only a hash is kept.
func repeatable[T any](ctx context.Context, r *routes, in repeat, make func(policy.Once) (T, error),
	show func(id string) (T, error)) (*made[T], error) {
	if in.key == "" {
		v, err := make(policy.Once{})
		return &made[T]{Body: v}, err
	}
	hash := in.hash(r.Actor(ctx))
	id, err := r.madeBefore(ctx, hash, in.body)
	if errors.Is(err, storage.ErrNotFound) {
		var v T
		if v, err = make(policy.Once{Key: hash, Request: r.Operations.Fingerprint(in.body)}); err == nil {
			return &made[T]{Body: v}, nil
		}
		if errors.Is(err, storage.ErrRepeated) { // at the same time
			id, err = r.madeBefore(ctx, hash, in.body)
		}
	}
	if err != nil {
		return nil, err
	}
	v, err := show(id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, huma.Error409Conflict("what this request made has been deleted since: use another Idempotency-Key to make it again")
	}
	return &made[T]{Replayed: "true", Body: v}, err
}

// hash stands for the caller's key. Each caller and operation has keys of its own.
func (in repeat) hash(by storage.Actor) []byte {
	caller := by.User.String()
	if by.Client != "" {
		caller += " " + by.Client
	}
	sum := sha256.Sum256([]byte(in.operation + "\x00" + caller + "\x00" + in.key))
	return sum[:]
}

// madeBefore returns what a request with this key has made, or ErrNotFound. Another
// request under the same key is refused.
func (r *routes) madeBefore(ctx context.Context, hash, body []byte) (string, error) {
	id, request, err := r.Operations.Store.Requests.Look(ctx, hash)
	if err == nil && !r.Operations.IsFingerprint(request, body) {
		return "", huma.Error422UnprocessableEntity("Idempotency-Key was used for another request within 24 hours",
			&huma.ErrorDetail{Location: "header.Idempotency-Key", Message: "was used for another request"})
	}
	return id, err
}
