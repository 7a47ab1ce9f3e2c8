package store

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/grants"
	"latchkey/storage/kv"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// Store is every noun over one engine. Its fields are small method sets; take
// the one you need.
type Store struct {
	Users       people.Users
	Attempts    people.Attempts
	Clients     apps.Clients
	Sessions    people.Sessions
	Consents    grants.Consents
	Grants      grants.Grants
	Scopes      apps.Scopes
	Memberships people.Memberships
	Settings    policy.SettingsStore
	Keys        policy.Keys
	Links       people.Links
	Audit       audit.Audit
	Requests    policy.Requests
	Groups      people.Groups
	Resources   apps.Resources

	// Floors are what the nouns stand on. They are for tests: a program asks a noun.
	Floors *Floors
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
	Pin func(*policy.Settings)
	// Issuer is the provider's own identifier, which no resource may have.
	Issuer string
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
	f := newFloors(&table.DB{Engine: engine, Now: o.Now, Uptime: o.Uptime, Rand: o.Rand, Schema: schema}, o.Pin,
		o.Issuer)
	if err := f.Policy.Pin.Validate(); err != nil {
		return nil, err
	}
	if err := f.prepareFile(ctx); err != nil {
		return nil, err
	}
	if err := f.Policy.NoteStart(ctx); err != nil {
		return nil, err
	}
	return newStore(f), nil
}

// Inspect is Open for data that is to be read only, such as a backup's: it writes
// nothing, and returns ErrNoStore where Open would begin a new store.
func Inspect(ctx context.Context, engine kv.Engine) (*Store, error) {
	f := newFloors(&table.DB{Engine: engine, Now: time.Now, Rand: rand.Reader}, nil, "")
	var err error
	f.DB.Schema, err = table.View(ctx, f.DB, func(r kv.Reader) (uint64, error) {
		raw, ok, err := r.Get([]byte{table.SpaceMeta})
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
	return newStore(f), nil
}

func newStore(f *Floors) *Store {
	f.Policy.UseStoredSettings()
	return &Store{
		Users: people.NewUsers(f.People), Attempts: people.NewAttempts(f.People),
		Sessions:    people.NewSessions(f.People),
		Memberships: people.NewMemberships(f.People), Links: people.NewLinks(f.People),
		Groups:  people.NewGroups(f.People),
		Clients: apps.NewClients(f.Apps), Scopes: apps.NewScopes(f.Apps), Resources: apps.NewResources(f.Apps),
		Consents: grants.NewConsents(f.Grants), Grants: grants.NewGrants(f.Grants),
		Settings: policy.NewSettings(f.Policy), Keys: policy.NewKeys(f.Policy), Requests: policy.NewRequests(f.Policy),
		Audit: audit.NewAudit(f.Trail), Floors: f,
	}
}
