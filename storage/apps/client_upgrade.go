package apps

import (
	"context"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// UpgradeSecret puts a hash made here in the place of an imported one, once somebody
// has shown the secret, and guessable says what that showed. It reports whether that secret is still one of the client's.
// Of any number who show it at once the first is kept, and a secret that was taken
// away meanwhile does not come back. The client's revision stays: nothing has changed
// that anybody decides upon.
func (s Clients) UpgradeSecret(ctx context.Context, clientID string, id storage.ID, hash []byte, last4 string,
	guessable bool) (bool, error) {
	return table.Update(ctx, s.apps.DB, func(tx kv.Txn) (bool, error) {
		c, err := s.apps.Clients.Get(tx, table.Key{}.Str(clientID))
		if err != nil || c == nil {
			return false, err
		}
		i := slices.IndexFunc(c.Secrets, func(v Secret) bool { return v.ID == id })
		if i < 0 || len(c.Secrets[i].Imported) == 0 {
			return i >= 0, nil
		}
		v := &c.Secrets[i]
		v.Hash, v.Last4, v.Imported = hash, last4, nil
		if !guessable {
			v.GuessableUntil = time.Time{}
		}
		return true, s.apps.Clients.Put(tx, c)
	})
}

// EndGuessable has a secret end after GuessableFor that could be guessed and was imported
// when nobody looked at that. It changes nothing of one that has its end.
func (s Clients) EndGuessable(ctx context.Context, clientID string, id storage.ID) error {
	until := s.apps.DB.Instant().Add(GuessableFor)
	_, err := table.Update(ctx, s.apps.DB, func(tx kv.Txn) (struct{}, error) {
		c, err := s.apps.Clients.Get(tx, table.Key{}.Str(clientID))
		if err != nil || c == nil {
			return struct{}{}, err
		}
		i := slices.IndexFunc(c.Secrets, func(v Secret) bool { return v.ID == id })
		if i < 0 || !c.Secrets[i].GuessableUntil.IsZero() {
			return struct{}{}, nil
		}
		c.Secrets[i].GuessableUntil = until
		return struct{}{}, s.apps.Clients.Put(tx, c)
	})
	return err
}
