package apps

import (
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/table"
)

// SecretsMost bounds how many secrets there are at once.
const MaxSecrets = 5

func liveSecrets(all []Secret, t time.Time) []Secret {
	return slices.DeleteFunc(slices.Clone(all), func(s Secret) bool {
		return !s.Expires.IsZero() && !t.Before(s.Expires) || len(s.Imported) == 0 && s.guessableOver(t)
	})
}

func (s Secret) guessableOver(t time.Time) bool {
	return !s.GuessableUntil.IsZero() && !t.Before(s.GuessableUntil)
}

// MayBeGuessable reports whether an imported secret is accepted at the instant t even if
// its first use shows that it could be guessed.
func (s Secret) MayBeGuessable(t time.Time) bool {
	return !s.GuessableUntil.IsZero() && !s.guessableOver(t)
}

// withSecret puts a fresh secret before those that are alive when it is made. They
// stay valid for overlap, at most; zero ends them at once.
func withSecret(have []Secret, fresh Secret, overlap time.Duration) ([]Secret, error) {
	now := fresh.Created
	kept := liveSecrets(have, now)
	for i := range kept {
		if end := now.Add(overlap); kept[i].Expires.IsZero() || end.Before(kept[i].Expires) {
			kept[i].Expires = end
		}
	}
	if overlap <= 0 {
		kept = nil
	}
	if len(kept) >= MaxSecrets {
		return nil, storage.Invalidf("client_secret",
			"must be at most %d at once: wait until one expires, or end the others at once", MaxSecrets)
	}
	return append([]Secret{fresh}, kept...), nil
}

func secretsInUTC(all []Secret) {
	for i := range all {
		table.InUTC(&all[i].Created, &all[i].Expires, &all[i].GuessableUntil)
	}
}
