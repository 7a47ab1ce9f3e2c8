package policy

import (
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// OnceFor is how long a request is remembered.
const OnceFor = 24 * time.Hour

// Once marks a request that makes something, so that sending it again does not make
// another. The zero value marks nothing.
type Once struct {
	Key     []byte // a hash of the caller, what is made and the caller's own key
	Request []byte // tells apart what the key was used for, without saying it
}

// once is the memory of a request that made something.
type once struct {
	Key     []byte    `cbor:"1,keyasint"`
	Request []byte    `cbor:"2,keyasint"`
	Made    string    `cbor:"3,keyasint"` // the id
	Expires time.Time `cbor:"4,keyasint"`
}

// Requests are those remembered.
type Requests struct{ policy *Policy }

// Keys begin with the day of expiry, so that what is over is at the front. A request
// that is remembered ends today or tomorrow, or the day after, if it overtook this one
// at midnight, or the clock was set back: it is found by three look-ups.
func onceTable() table.Table[once] {
	return table.Table[once]{Name: "requests", Space: table.SpaceRequests,
		Key:   func(o *once) table.Key { return onceKey(o.Key, o.Expires) },
		Ready: func(o *once, _ table.Key) { table.InUTC(&o.Expires) }}
}

func onceKey(hash []byte, t time.Time) table.Key {
	return table.Key{}.U64(uint64(t.Unix() / int64(OnceFor/time.Second))).Str(string(hash))
}

// Look returns what a request with this key has made, and what it was; or
// ErrNotFound.
func (s Requests) Look(ctx context.Context, hash []byte) (made string, request []byte, err error) {
	now := s.policy.DB.Instant()
	have, err := table.View(ctx, s.policy.DB,
		func(r kv.Reader) (*once, error) { return storage.Found(s.policy.findOnce(r, hash, now)) })
	if err != nil {
		return "", nil, err
	}
	return have.Made, have.Request, nil
}

func (p *Policy) findOnce(r kv.Reader, hash []byte, now time.Time) (*once, error) {
	for _, end := range []time.Time{now, now.Add(OnceFor), now.Add(2 * OnceFor)} {
		have, err := p.requests.Get(r, onceKey(hash, end))
		if err != nil || have != nil && now.Before(have.Expires) {
			return have, err
		}
	}
	return nil, nil
}

// OnlyOnce remembers a request in the transaction that makes what it asks for, or
// returns ErrRepeated if another one was first.
func (p *Policy) OnlyOnce(tx kv.Txn, o Once, made string, now time.Time) error {
	if len(o.Key) == 0 {
		return nil
	}
	if have, err := p.findOnce(tx, o.Key, now); err != nil || have != nil {
		return storage.ErrOr(err, storage.ErrRepeated)
	}
	return p.requests.Put(tx, &once{Key: o.Key, Request: o.Request, Made: made, Expires: now.Add(OnceFor)})
}

func (p *Policy) SweepRequests(tx kv.Txn, after []byte, before time.Time) (table.Swept, error) {
	return table.SweepFront(tx, &p.requests, after, func(o *once) bool { return o.Expires.Before(before) })
}
