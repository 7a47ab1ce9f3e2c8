package keys

import (
	"context"
	"errors"
	"testing"

	"latchkey/storage/policy"
)

func TestCheckTellsWhatOpensWithoutChangingAnything(t *testing.T) {
	_, store := newRing(t)
	made := store.replaced
	for name, c := range map[string]struct {
		master Master
		edit   func(*policy.KeySet)
		want   error
	}{
		"whole":          {master: testMaster(1)},
		"another master": {master: testMaster(2), want: ErrWrongMaster},
		"no master":      {want: ErrMaster},
		"no keys": {master: testMaster(1), edit: func(s *policy.KeySet) { *s = policy.KeySet{} },
			want: ErrDamaged},
		"a data key": {master: testMaster(1),
			edit: func(s *policy.KeySet) { s.DataKeys[0].Sealed = []byte("x") }, want: ErrDamaged},
		"a signing key": {master: testMaster(1),
			edit: func(s *policy.KeySet) { s.SigningKeys[1].Sealed = []byte("x") }, want: ErrDamaged},
		"lost the data key": {master: testMaster(1), edit: func(s *policy.KeySet) { s.DataKeys = nil },
			want: ErrDamaged},
	} {
		copied := &shelf{set: store.set}
		if c.edit != nil {
			copied.edit(c.edit)
		}
		if err := Check(context.Background(), copied, c.master); !errors.Is(err, c.want) ||
			(c.want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if copied.replaced > 0 {
			t.Errorf("%s: keys were stored", name)
		}
	}
	if store.replaced != made {
		t.Error("keys were stored")
	}
}
