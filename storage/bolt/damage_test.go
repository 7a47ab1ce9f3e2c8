package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"latchkey/storage/kv"
)

// A file whose every byte, one after another, is wrong must leave the process alive:
// to open, read or write it is a success or an error. bbolt panics, faults and, in a
// file that nobody closed, panics where nobody could catch it.
func TestFlippedBitsAreErrorsAndTheProcessStays(t *testing.T) {
	closed, _ := sample(t, false)
	e := openAt(t, closed)
	must(t, write(t.Context(), e, "key 000", "1"))
	unclean := closed + ".unclean"
	data, err := os.ReadFile(closed)
	must(t, err)
	must(t, os.WriteFile(unclean, data, 0o600))
	must(t, e.Close())
	told := 0
	for _, path := range []string{closed, unclean} {
		whole, err := os.ReadFile(path)
		must(t, err)
		size := os.Getpagesize()
		for page := range min(len(whole)/size, 24) {
			// The header and the elements, of which a bit leads elsewhere.
			for _, at := range []int{0, 1, 3, 8, 9, 10, 11, 12, 14, 15, 20, 22, 23, 24, 25, 27, 28, 30, 31, 36, 44} {
				old := whole[page*size+at]
				whole[page*size+at] ^= 1 << (at % 8)
				told += useDamaged(t, whole)
				whole[page*size+at] = old
			}
		}
	}
	if told == 0 {
		t.Error("no damage was told")
	}
}

// useDamaged opens, reads and writes a file, and counts an error that tells of damage.
func useDamaged(t *testing.T, data []byte) (told int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	must(t, os.WriteFile(path, data, 0o600))
	e, err := Open(path, Options{})
	if err != nil {
		if errors.Is(err, kv.ErrDamaged) {
			told = 1
		}
		return told
	}
	defer e.Close()
	err = e.View(context.Background(), func(r kv.Reader) error {
		pairs, err := r.Scan(kv.Range{Limit: kv.MaxPage})
		for _, p := range pairs { // values are read in the mapped file
			_ = string(p.Key) + string(p.Value)
		}
		return err
	})
	for i := 0; i < 150 && err == nil; i += 50 {
		err = write(context.Background(), e, fmt.Sprintf("key %03d", i), "2")
	}
	if errors.Is(err, kv.ErrDamaged) {
		wantStopped(t, e, err)
		told = 1
	}
	return told
}

func TestOnlyFaultsOfTheFileAreDamageInAClosure(t *testing.T) {
	e := openNew(t)
	var none *int
	for name, fn := range map[string]func(){"a panic": func() { panic("its own") },
		"a nil pointer": func() { *none = 1 }} {
		func() {
			defer func() {
				if recover() == nil || e.Err() != nil {
					t.Errorf("%s: not raised again, or the engine stopped: %v", name, e.Err())
				}
			}()
			_ = e.View(t.Context(), func(kv.Reader) error { fn(); return nil })
		}()
	}
}
