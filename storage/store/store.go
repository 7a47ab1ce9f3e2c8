package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/storage/apps"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// schema is the version of the file's layout as a whole. In 2 records have checksums,
// and those of 1 are read as they are. In 3 clients are found by their origins.
const schema = 3

type Meta struct {
	Schema uint64 `cbor:"1,keyasint"`
}

// ErrNoStore: no Latchkey has ever taken this engine into use.
var ErrNoStore = errors.New("storage: these are not Latchkey's data")

func (f *Floors) prepareFile(ctx context.Context) error {
	if err := f.fillOrigins(ctx); err != nil {
		return err
	}
	now := f.DB.Instant()
	stood, err := kv.Update(ctx, f.DB.Engine, func(tx kv.Txn) (time.Time, error) {
		raw, ok, err := tx.Get([]byte{table.SpaceMeta})
		if err != nil {
			return time.Time{}, err
		}
		if !ok {
			err = f.createFile(tx)
		} else {
			err = f.upgradeSchema(tx, raw)
		}
		if err != nil {
			return time.Time{}, err
		}
		if err := f.Apps.AddFirstPartyScopes(tx); err != nil {
			return time.Time{}, err
		}
		if err := f.correctScopeWords(tx); err != nil {
			return time.Time{}, err
		}
		stored, err := f.Policy.StoredSettings(tx)
		if err != nil {
			return time.Time{}, err
		}
		return f.Policy.NoteTerms(tx, *stored, now)
	})
	f.Policy.Settings = policy.SettingsTable(f.Policy.Pin, stood)
	return err
}

// createFile makes of an empty file a store.
func (f *Floors) createFile(tx kv.Txn) error {
	if err := putSchema(tx); err != nil {
		return err
	}
	for _, s := range apps.CatalogueScopes() {
		if err := f.Apps.Scopes.Put(tx, &s); err != nil {
			return err
		}
	}
	return f.Policy.NoteFirstTerms(tx)
}

func putSchema(tx kv.Txn) error {
	raw, err := table.Encode(Meta{Schema: schema})
	if err != nil {
		return err
	}
	return tx.Put([]byte{table.SpaceMeta}, raw)
}

// upgradeSchema notes that this version has written to the file.
func (f *Floors) upgradeSchema(tx kv.Txn, raw []byte) error {
	if was, err := readSchema(raw); err != nil || was == schema {
		return err
	}
	return putSchema(tx)
}

// FillSlice clients, of 50 redirect URIs each, fit one transaction.
const FillSlice = 100

// fillOrigins gives a file of an older schema the index that it lacks. If it is
// interrupted, the schema is still the older one, and the next start begins again.
func (f *Floors) fillOrigins(ctx context.Context) error {
	for after := []byte(nil); ; {
		next, err := table.Update(ctx, f.DB, func(tx kv.Txn) ([]byte, error) {
			raw, ok, err := tx.Get([]byte{table.SpaceMeta})
			if err != nil || !ok {
				return nil, err
			}
			was, err := readSchema(raw)
			if err != nil || was >= f.Apps.Clients.Indexes[apps.ClientsByOrigin].Since {
				return nil, err
			}
			return f.Apps.Clients.FillIndex(tx, apps.ClientsByOrigin, after, FillSlice)
		})
		if after = next; err != nil || after == nil {
			return err
		}
	}
}

// correctScopeWords replaces words of before that say less than the scope gives. Nobody
// else can have written them: there is no way to change a standard scope.
func (f *Floors) correctScopeWords(tx kv.Txn) error {
	for _, s := range apps.CatalogueScopes() {
		before, ok := apps.ScopeWordsBefore[s.Name]
		if !ok {
			continue
		}
		have, err := f.Apps.Scopes.Get(tx, table.Key{}.Str(s.Name))
		if err != nil {
			return err
		}
		if have == nil || have.Words != before {
			continue
		}
		corrected := *have
		corrected.Words = s.Words
		if err := f.Apps.Scopes.Put(tx, &corrected); err != nil {
			return err
		}
	}
	return nil
}

func readSchema(raw []byte) (uint64, error) {
	var m Meta
	if err := table.Decode(raw, &m); err != nil {
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
func (s *Store) Serve(ctx context.Context) (former string, err error) {
	return s.Floors.Policy.Serve(ctx)
}

// FormerIssuer returns what Serve would, and notes nothing.
func (s *Store) FormerIssuer(ctx context.Context) (string, error) {
	return s.Floors.Policy.FormerIssuer(ctx)
}

// Alive notes that this process is at work. Call it once a minute.
func (s *Store) Alive(ctx context.Context) error { return s.Floors.Policy.NoteAlive(ctx) }

// LastKnown returns the last known time before this store was opened, if the clock was
// more than a day ahead of it then, and until when sweepers pause therefore. Either the
// clock is wrong, or nobody served this data for long. Zero: the start was not long after.
func (s *Store) LastKnown() (last, paused time.Time) {
	return s.Floors.Policy.LastKnown.Time, s.Floors.Policy.LastKnown.Paused
}
