package kv

import "context"

// Range selects one page of pairs in key order.
type Range struct {
	// Prefix is what every returned key begins with; empty means all keys.
	Prefix []byte
	// After is the last key of the page before this one, and exclusive: a
	// forward page begins behind it, a reverse page ends before it. Empty
	// means from the start. It need not exist.
	After []byte
	// Reverse returns the page in descending order.
	Reverse bool
	// Limit is the most pairs to return, 1 to MaxPage. It is required, so that
	// nobody reads a table of unknown size by forgetting it.
	Limit int
}

// Pair is one key with its value.
type Pair struct{ Key, Value []byte }

// Reader reads one snapshot. It is not safe for concurrent use, and it dies
// with its closure, as does everything it returned.
type Reader interface {
	// Prefetch names keys that are about to be read. It is a hint: an engine
	// behind a network fetches them in one round trip, others do nothing.
	Prefetch(keys ...[]byte)
	// Get returns the value of a key. An empty value is present: ok tells
	// absence, the value's length does not. A key that Put would refuse is
	// absent.
	Get(key []byte) (value []byte, ok bool, err error)
	// Scan returns a page, never an iterator, so that no reader is held open
	// at a client's pace. Fewer pairs than the limit means there are no more.
	// It returns ErrLimit if the limit is not within 1 to MaxPage.
	Scan(r Range) ([]Pair, error)
}

// Txn reads what it wrote itself, and writes.
type Txn interface {
	Reader
	// Put copies key and value: the caller may use both again at once. It
	// returns ErrKey if the key is empty or longer than MaxKey, and ErrTooLarge
	// past MaxWrites or MaxBytes. After either the transaction cannot commit,
	// whatever the closure answers.
	Put(key, value []byte) error
	// Delete removes a key; an absent one is no error. It counts as a write.
	Delete(key []byte) error
}

// Engine keeps ordered keys durably. It is safe for concurrent use.
//
// # What Update promises
//
// Updates are serializable: each sees the state as if it ran alone, and this
// covers keys it found absent and ranges it scanned as well as values it read.
// It sees its own writes. When Update returns nil its writes are durable, and
// every View begun later sees them.
//
// The closure may run more than once, and then only its last run counts. So it
// does no I/O, reads no clock and draws no random values: ids, secrets and the
// one instant are made before it. Results leave through the generic Update,
// never through captured variables.
//
// An error from the closure aborts the transaction, keeps nothing, and is
// returned as it is. A refusal that changes something is therefore a result and
// not an error. The answer, be it a result, an error or a transaction that only
// read, is validated before anyone sees it: it never rests on a state that was
// not committed, and where commits are shared it waits for the disk with them.
//
// A panic is contained, keeps nothing, spoils no other transaction, and is
// raised again on the caller: as the same value, or as a *PanicError holding it
// where the closure ran on another goroutine. Goexit in the closure, forbidden
// as it is, keeps nothing and ends the caller's goroutine.
//
// An Update cancelled while it waits for its turn never runs and returns the
// context's error. Once its turn has come it ignores the context, waits, and
// reports what happened.
//
// A transaction holds at most MaxWrites writes and MaxBytes bytes, or it fails
// with ErrTooLarge. Bigger jobs are cut into slices that can be resumed.
//
// The order of commits is not the order in which callers read their clocks. To
// decide which of two changes is newer, compare revisions, never timestamps.
//
// # What View promises
//
// A View is one snapshot. What it saw is durable when it returns. It does no
// I/O, and serves one page of a listing: a snapshot held open makes engines
// keep all that was deleted since.
//
// # What both promise
//
// Values and pairs die with the closure that read them and must not be changed:
// copy or decode what is to outlive it. Neither View nor Update may be called
// from within a closure of the same engine. Engines answer ErrNested where they
// notice, always so where they would otherwise wait for themselves.
//
// # When a commit fails
//
// A failed commit leaves the outcome unknown: the writes may or may not be on
// the disk, and what the file system has in memory may no longer be what it
// holds. The engine then stops: the waiting and all later calls return the same
// ErrOutcomeUnknown, whose text says what to do. Restarting reads the truth.
//
// Damage that an engine meets while it reads or commits stops it alike, with
// ErrDamaged.
type Engine interface {
	View(ctx context.Context, fn func(Reader) error) error
	Update(ctx context.Context, fn func(Txn) error) error
	// Snapshot writes a consistent copy to a new file that only its owner can
	// read, durable when Snapshot returns nil. It refuses to overwrite a file
	// (the error matches fs.ErrExist), and leaves nothing behind when it fails.
	// Reading and writing go on meanwhile.
	Snapshot(ctx context.Context, path string) error
	// Err is nil while the engine works, and otherwise what every call answers.
	// It is part of the contract so that a readiness probe can ask without a
	// transaction, and through any wrapper.
	Err() error
	// Close lets transactions that run finish, refuses those that wait with
	// ErrClosed, and releases the file. Closing again does nothing.
	Close() error
}

// Limits of what one call may carry.
const (
	MaxPage   = 1000    // pairs a Scan returns
	MaxWrites = 10_000  // Puts and Deletes of one transaction
	MaxBytes  = 8 << 20 // bytes of keys and values those writes hold
	// MaxKey is the longest key in bytes. Longer than any sensible key, and
	// short enough for the indexes of every engine planned.
	MaxKey = 2048
)
