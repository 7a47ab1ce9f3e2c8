package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"latchkey/internal/limit"
	"latchkey/storage/kv"
)

// schema is the version of the file's layout as a whole. In 2 records have checksums,
// and those of 1 are read as they are. In 3 clients are found by their origins.
const schema = 3

// Store is every noun over one engine. Its fields are small method sets; take
// the one you need.
type Store struct {
	Users       Users
	Attempts    Attempts
	Clients     Clients
	Sessions    Sessions
	Consents    Consents
	Grants      Grants
	Scopes      Scopes
	Memberships Memberships
	Settings    SettingsStore
	Keys        Keys
	Links       Links
	Audit       Audit
	Requests    Requests
	Groups      Groups
	Resources   Resources

	base *base
}

// Options of a store. The zero value is ready to use.
type Options struct {
	Now func() time.Time // nil: time.Now
	// Uptime is a clock that is never set; nil: that of Now, if what it returns has a
	// monotonic reading.
	Uptime func() time.Duration
	Rand   io.Reader // of ids, safe for concurrent use; nil: crypto/rand
	// Pin, if not nil, overwrites settings in whatever is read, as an operator's
	// configuration file does. It must do the same each time, to whatever it is
	// given.
	Pin func(*Settings)
	// Issuer is the provider's own identifier, which no resource may have.
	Issuer string
}

// base is what every noun shares: the engine, the clock, the source of ids and
// the tables.
type base struct {
	engine kv.Engine
	now    func() time.Time
	uptime func() time.Duration
	rand   io.Reader
	pin    pin
	issuer string
	schema uint64 // of the file; once it was opened, ours
	tables
	unset     *Settings                    // those in force where none are stored
	strangers *limit.Table[limit.Failures] // attempts on names that no account has
	signIns   *limit.Table[limit.Spent]    // by users
	running   running
	lastKnown lastKnown
	catalogue atomic.Pointer[Catalogue]
}

type tables struct {
	users       table[User]
	attempts    table[attempts]
	clients     table[Client]
	sessions    table[Session]
	consents    table[Consent]
	grants      table[Grant]
	grantStates table[GrantState]
	scopes      table[Scope]
	memberships table[Membership]
	settings    table[Settings]
	keys        table[KeySet]
	links       table[Link]
	audit       table[Event]
	denied      table[denied]
	alive       table[alive]
	requests    table[once]
	groups      table[Group]
	offline     table[offline]
	resources   table[Resource]
	edition     table[edition]
	assertions  table[usedAssertion]
	served      table[served]
}

type meta struct {
	Schema uint64 `cbor:"1,keyasint"`
}

// Open takes an engine into use: it writes the schema version and the standard
// scope catalogue into an empty file, adds first-party scopes that an older version
// did not know, and refuses a file written by a newer Latchkey, and pinned settings
// that are out of range (*Invalid).
func Open(ctx context.Context, engine kv.Engine, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Uptime == nil {
		began := o.Now()
		o.Uptime = func() time.Duration { return o.Now().Sub(began) }
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	b := &base{engine: engine, now: o.Now, uptime: o.Uptime, rand: o.Rand, pin: o.Pin, issuer: o.Issuer, schema: schema, tables: newTables(o.Pin)}
	if err := b.pin.validate(); err != nil {
		return nil, err
	}
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	if err := b.began(ctx); err != nil {
		return nil, err
	}
	return newStore(b), nil
}

// ErrNoStore: no Latchkey has ever taken this engine into use.
var ErrNoStore = errors.New("storage: these are not Latchkey's data")

// Inspect is Open for data that is to be read only, such as a backup's: it writes
// nothing, and returns ErrNoStore where Open would begin a new store.
func Inspect(ctx context.Context, engine kv.Engine) (*Store, error) {
	b := &base{engine: engine, now: time.Now, rand: rand.Reader, tables: newTables(nil)}
	var err error
	b.schema, err = view(ctx, b, func(r kv.Reader) (uint64, error) {
		raw, ok, err := r.Get([]byte{spaceMeta})
		if err == nil && !ok {
			err = ErrNoStore
		}
		if err != nil {
			return 0, err
		}
		return readSchema(raw)
	})
	if err != nil {
		return nil, err
	}
	return newStore(b), nil
}

func newStore(b *base) *Store {
	b.strangers, b.signIns = limit.NewTable[limit.Failures](strangersMost), limit.NewTable[limit.Spent](signInsMost)
	b.unset = &Settings{}
	b.settings.ready(b.unset, nil)
	return &Store{
		Users: Users{b}, Attempts: Attempts{b}, Clients: Clients{b}, Sessions: Sessions{b},
		Consents: Consents{b}, Grants: Grants{b}, Scopes: Scopes{b}, Memberships: Memberships{b},
		Settings: SettingsStore{b}, Keys: Keys{b}, Links: Links{b}, Audit: Audit{b},
		Requests: Requests{b}, Groups: Groups{b}, Resources: Resources{b}, base: b,
	}
}

func newTables(p pin) tables {
	return tables{
		users: userTable(), attempts: attemptTable(), clients: clientTable(), sessions: sessionTable(),
		consents: consentTable(), grants: grantTable(), grantStates: grantStateTable(), scopes: scopeTable(),
		memberships: membershipTable(), settings: settingsTable(p, time.Time{}), keys: keyTable(), links: linkTable(),
		audit: auditTable(), denied: deniedTable(), alive: aliveTable(), groups: groupTable(),
		requests: onceTable(), offline: offlineTable(), assertions: assertionTable(),
		resources: resourceTable(), edition: editionTable(), served: servedTable(),
	}
}

// unopened has the tables alone.
func unopened() *base { return &base{tables: newTables(nil)} }

func (b *base) prepare(ctx context.Context) error {
	if err := b.fillOrigins(ctx); err != nil {
		return err
	}
	now := b.instant()
	stood, err := kv.Update(ctx, b.engine, func(tx kv.Txn) (time.Time, error) {
		raw, ok, err := tx.Get([]byte{spaceMeta})
		if err != nil {
			return time.Time{}, err
		}
		if !ok {
			err = b.create(tx)
		} else {
			err = b.upgradeSchema(tx, raw)
		}
		if err != nil {
			return time.Time{}, err
		}
		if err := b.addFirstPartyScopes(tx); err != nil {
			return time.Time{}, err
		}
		if err := b.correctScopeWords(tx); err != nil {
			return time.Time{}, err
		}
		stored, err := b.storedSettings(tx)
		if err != nil {
			return time.Time{}, err
		}
		return b.stands(tx, *stored, now)
	})
	b.settings = settingsTable(b.pin, stood)
	return err
}

// create makes of an empty file a store.
func (b *base) create(tx kv.Txn) error {
	if err := putSchema(tx); err != nil {
		return err
	}
	for _, s := range standardScopes() {
		if err := b.scopes.put(tx, &s); err != nil {
			return err
		}
	}
	return b.begins(tx)
}

func putSchema(tx kv.Txn) error {
	raw, err := encode(meta{Schema: schema})
	if err != nil {
		return err
	}
	return tx.Put([]byte{spaceMeta}, raw)
}

// upgradeSchema notes that this version has written to the file.
func (b *base) upgradeSchema(tx kv.Txn, raw []byte) error {
	if was, err := readSchema(raw); err != nil || was == schema {
		return err
	}
	return putSchema(tx)
}

// fillSlice clients, of 50 redirect URIs each, fit one transaction.
const fillSlice = 100

// fillOrigins gives a file of an older schema the index that it lacks. If it is
// interrupted, the schema is still the older one, and the next start begins again.
func (b *base) fillOrigins(ctx context.Context) error {
	for after := []byte(nil); ; {
		next, err := update(ctx, b, func(tx kv.Txn) ([]byte, error) {
			raw, ok, err := tx.Get([]byte{spaceMeta})
			if err != nil || !ok {
				return nil, err
			}
			was, err := readSchema(raw)
			if err != nil || was >= b.clients.indexes[clientsByOrigin].since {
				return nil, err
			}
			return b.clients.fill(tx, clientsByOrigin, after, fillSlice)
		})
		if after = next; err != nil || after == nil {
			return err
		}
	}
}

// addFirstPartyScopes writes those that are missing, and those that somebody else
// might have under such a name: the API trusts the names.
func (b *base) addFirstPartyScopes(tx kv.Txn) error {
	for _, s := range firstPartyScopes() {
		have, err := b.scopes.get(tx, key{}.str(s.Name))
		if err != nil {
			return err
		}
		if have != nil && have.FirstParty {
			continue
		}
		if err := b.scopes.put(tx, &s); err != nil {
			return err
		}
	}
	return nil
}

// correctScopeWords replaces words of before that say less than the scope gives. Nobody
// else can have written them: there is no way to change a standard scope.
func (b *base) correctScopeWords(tx kv.Txn) error {
	for _, s := range standardScopes() {
		before, ok := scopeWordsBefore[s.Name]
		if !ok {
			continue
		}
		have, err := b.scopes.get(tx, key{}.str(s.Name))
		if err != nil {
			return err
		}
		if have == nil || have.Words != before {
			continue
		}
		corrected := *have
		corrected.Words = s.Words
		if err := b.scopes.put(tx, &corrected); err != nil {
			return err
		}
	}
	return nil
}

func readSchema(raw []byte) (uint64, error) {
	var m meta
	if err := decode(raw, &m); err != nil {
		return 0, err
	}
	if m.Schema > schema {
		return 0, fmt.Errorf("storage: the data was written by a newer Latchkey (schema %d, this one reads up to %d): run that version, or restore a backup made before the upgrade", m.Schema, schema)
	}
	return m.Schema, nil
}

// Serve notes that this data is served under the store's issuer from now on. It returns
// the issuer that it was served under until a week ago or later, if that was another one:
// the one that clients may still be configured for. "": there is none.
func (s *Store) Serve(ctx context.Context) (former string, err error) { return s.base.serve(ctx) }

// FormerIssuer returns what Serve would, and notes nothing.
func (s *Store) FormerIssuer(ctx context.Context) (string, error) { return s.base.formerIssuer(ctx) }

// Alive notes that this process is at work. Call it once a minute.
func (s *Store) Alive(ctx context.Context) error { return s.base.noteAlive(ctx) }

// LastKnown returns the last known time before this store was opened, if the clock was
// more than a day ahead of it then, and until when sweepers pause therefore. Either the
// clock is wrong, or nobody served this data for long. Zero: the start was not long after.
func (s *Store) LastKnown() (last, paused time.Time) {
	return s.base.lastKnown.time, s.base.lastKnown.paused
}

// instant is the one time a transaction uses: whole seconds, UTC.
func (b *base) instant() time.Time { return b.now().UTC().Truncate(time.Second) }

// overtaking is by how much an instant may be older than one that an operation before it
// has stored: operations get their instants first and their turns later. Beyond it the
// clock was set back.
const overtaking = time.Minute

func (b *base) newID() ID { return newID(b.now(), b.rand) }

// update runs fn as one transaction; its result is that of the run that counted.
func update[T any](ctx context.Context, b *base, fn func(kv.Txn) (T, error)) (T, error) {
	return kv.Update(ctx, b.engine, fn)
}

// view runs fn over one snapshot.
func view[T any](ctx context.Context, b *base, fn func(kv.Reader) (T, error)) (T, error) {
	return kv.View(ctx, b.engine, fn)
}
