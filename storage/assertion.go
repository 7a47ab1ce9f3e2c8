package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
)

// Assertion is a JWT by which a client has proven who it is (RFC 7523 section 2.2),
// its signature verified. It counts once. The zero value is no assertion: the client
// authenticated otherwise.
type Assertion struct {
	Hash    []byte    // of the client and the jti
	Expires time.Time // after which it is refused anyway
}

// usedAssertion is an assertion that was presented. Its key begins with its expiry,
// which is its index for sweeping.
type usedAssertion struct {
	Expires time.Time `cbor:"1,keyasint"`
	Hash    []byte    `cbor:"2,keyasint"`
}

func assertionTable() table[usedAssertion] {
	return table[usedAssertion]{name: "used assertions", space: spaceAssertions,
		key: func(a *usedAssertion) key {
			return key{}.u64(uint64(max(a.Expires.Unix(), 0))).str(string(a.Hash))
		},
		ready: func(a *usedAssertion, _ key) { inUTC(&a.Expires) }}
}

// RefusedAssertion is why an operation refuses a client whose assertion was presented
// before. Whoever sends it again may not be the client: nothing else is changed.
const RefusedAssertion = "client assertion used before"

// UseAssertion uses up an assertion in a commit of its own, for what has no other: one
// conditional write, so that of any number who present it at once one is told true.
func (s Clients) UseAssertion(ctx context.Context, a Assertion) (fresh bool, err error) {
	return update(ctx, s.b, func(tx kv.Txn) (bool, error) { return s.b.useAssertion(tx, a) })
}

// useAssertion uses up an assertion in the transaction of what it is for. It stays used
// only if the transaction does: whatever that refuses must be a result.
func (b *base) useAssertion(tx kv.Txn, a Assertion) (fresh bool, err error) {
	if len(a.Hash) == 0 {
		return true, nil
	}
	used := &usedAssertion{Expires: a.Expires.UTC().Truncate(time.Second), Hash: a.Hash}
	if _, ok, err := tx.Get(b.assertions.full(b.assertions.key(used))); err != nil || ok {
		return false, err
	}
	return true, b.assertions.put(tx, used)
}

// assertionMargin is how long after its expiry a used assertion is remembered: clocks
// may differ, and the sweeper sees any jump of more than a few minutes. Less than the
// usual day, since each sign of life of some clients leaves one.
const assertionMargin = time.Hour

func (b *base) sweepAssertions(tx kv.Txn, after []byte, before time.Time) (swept, error) {
	before = before.Add(sweepMargin - assertionMargin)
	return sweepFront(tx, &b.assertions, after, func(a *usedAssertion) bool { return a.Expires.Before(before) })
}
