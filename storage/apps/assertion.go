package apps

import (
	"context"
	"time"

	"latchkey/storage/kv"
	"latchkey/storage/table"
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

func assertionTable() table.Table[usedAssertion] {
	return table.Table[usedAssertion]{Name: "used assertions", Space: table.SpaceAssertions,
		Key: func(a *usedAssertion) table.Key {
			return table.Key{}.U64(uint64(max(a.Expires.Unix(), 0))).Str(string(a.Hash))
		},
		Ready: func(a *usedAssertion, _ table.Key) { table.InUTC(&a.Expires) }}
}

// RefusedAssertion is why an operation refuses a client whose assertion was presented
// before. Whoever sends it again may not be the client: nothing else is changed.
const RefusedAssertion = "client assertion used before"

// UseAssertion uses up an assertion in a commit of its own, for what has no other: one
// conditional write, so that of any number who present it at once one is told true.
func (s Clients) UseAssertion(ctx context.Context, a Assertion) (fresh bool, err error) {
	return table.Update(ctx, s.apps.DB, func(tx kv.Txn) (bool, error) { return s.apps.UseAssertion(tx, a) })
}

// UseAssertion uses up an assertion in the transaction of what it is for. It stays used
// only if the transaction does: whatever that refuses must be a result.
func (apps *Apps) UseAssertion(tx kv.Txn, a Assertion) (fresh bool, err error) {
	if len(a.Hash) == 0 {
		return true, nil
	}
	used := &usedAssertion{Expires: a.Expires.UTC().Truncate(time.Second), Hash: a.Hash}
	if _, ok, err := tx.Get(apps.assertions.FullKey(apps.assertions.Key(used))); err != nil || ok {
		return false, err
	}
	return true, apps.assertions.Put(tx, used)
}

// AssertionMargin is how long after its expiry a used assertion is remembered: clocks
// may differ, and the sweeper sees any jump of more than a few minutes. Less than the
// usual day, since each sign of life of some clients leaves one.
const AssertionMargin = time.Hour

func (apps *Apps) SweepAssertions(tx kv.Txn, after []byte, before time.Time) (table.Swept, error) {
	before = before.Add(table.SweepMargin - AssertionMargin)
	return table.SweepFront(tx, &apps.assertions, after,
		func(a *usedAssertion) bool { return a.Expires.Before(before) })
}
