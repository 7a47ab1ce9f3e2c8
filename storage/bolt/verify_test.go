package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchkey/storage/kv"
)

// sample is a file with a branch, leaves, free pages and a value over many pages,
// and what it holds.
func sample(t testing.TB, summed bool) (path string, pairs map[string]string) {
	t.Helper()
	e := openNew(t)
	for n := range 3 {
		must(t, e.Update(context.Background(), func(tx kv.Txn) error {
			for i := range 150 {
				value := bytes.Repeat([]byte{byte(i), byte(n)}, 20)
				if i == 60 {
					value = bytes.Repeat([]byte("long"), 3000)
				}
				if err := tx.Put(fmt.Appendf(nil, "key %03d", i), value); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	path = filepath.Join(t.TempDir(), "sample")
	must(t, e.Snapshot(context.Background(), path))
	if summed {
		must(t, AppendSums(path))
	}
	return path, readAll(t, e)
}

// salvaged is what verify still finds in a file.
func salvaged(path string) (pairs map[string]string, r Report, err error) {
	pairs = map[string]string{}
	r, err = verify(path, func(key, value []byte) error {
		pairs[string(key)] = string(value)
		return nil
	})
	return pairs, r, err
}

// lost reports whether a report tells of a key's loss.
func lost(r Report, key string) bool {
	for _, d := range r.Damage {
		if (span{from: d.From, to: d.To}).holds([]byte(key)) {
			return true
		}
	}
	return false
}

// wantExact checks that each pair is either there as it was or told to be lost.
func wantExact(t *testing.T, what, path string, pairs map[string]string) {
	t.Helper()
	found, r, err := salvaged(path)
	if errors.Is(err, ErrNotData) || errors.Is(err, ErrEmpty) {
		return // all is lost, and said to be
	}
	must(t, err)
	for key, value := range pairs {
		have, ok := found[key]
		if ok && have != value {
			t.Fatalf("%s: %q is another value now", what, key)
		}
		if ok == lost(r, key) {
			t.Fatalf("%s: %q is there %v, but told to be lost %v: %+v", what, key, ok, !ok, r.Damage)
		}
	}
	for key := range found {
		if _, ok := pairs[key]; !ok {
			t.Fatalf("%s: %q came out of nothing", what, key)
		}
	}
}

func TestOfAFileWithChecksumsEveryFlippedBitIsHarmlessOrItsLossIsTold(t *testing.T) {
	path, pairs := sample(t, true)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	info, err := f.Stat()
	must(t, err)
	if found, r, err := salvaged(path); err != nil || !r.Summed || len(r.Damage) > 0 || !maps.Equal(found, pairs) {
		t.Fatalf("before any damage: %+v, %v, %d of %d pairs", r, err, len(found), len(pairs))
	}
	b := make([]byte, 1)
	for at := int64(0); at < info.Size(); at += 11 {
		f.ReadAt(b, at)
		good := b[0]
		b[0] ^= 1 << (at % 8)
		f.WriteAt(b, at)
		wantExact(t, fmt.Sprintf("bit flipped in byte %d", at), path, pairs)
		b[0] = good
		f.WriteAt(b, at)
	}
}

func TestOfATruncatedFileTheLossIsTold(t *testing.T) {
	for _, summed := range []bool{true, false} {
		path, pairs := sample(t, summed)
		info, err := os.Stat(path)
		must(t, err)
		for size := info.Size() - 1; size >= 0; size -= 509 {
			must(t, os.Truncate(path, size))
			wantExact(t, fmt.Sprintf("cut to %d bytes", size), path, pairs)
		}
	}
}

func TestPagesThatLeadInCirclesAreLeft(t *testing.T) {
	path, _ := sample(t, false)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	m, _ := newestMeta(f)
	raw := make([]byte, m.pageSize)
	for id := range m.pages {
		f.ReadAt(raw, int64(id*m.pageSize))
		if order.Uint16(raw[8:]) == branchPage {
			order.PutUint64(raw[pageHeader+8:], id) // its first child is itself
			f.WriteAt(raw, int64(id*m.pageSize))
		}
	}
	if r, err := Verify(path); err != nil || len(r.Damage) != 1 ||
		r.Damage[0].What != "two places of the file lead to it" {
		t.Errorf("found %+v, %v", r, err)
	}
}

func TestALostPageOfTheLastCommitIsTold(t *testing.T) {
	for id := range int64(2) {
		path, _ := sample(t, false)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		must(t, err)
		f.WriteAt([]byte{0xff}, id*int64(os.Getpagesize())+pageHeader)
		must(t, f.Close())
		if r, err := Verify(path); err != nil || len(r.Damage) != 1 || r.Damage[0].Page != uint64(id) {
			t.Errorf("found %+v, %v", r, err)
		}
	}
}

func TestWhatIsNoDataFileIsTold(t *testing.T) {
	for text, want := range map[string]error{"": ErrEmpty, "x": ErrNotData, string(make([]byte, 9000)): ErrNotData} {
		path := filepath.Join(t.TempDir(), "f")
		must(t, os.WriteFile(path, []byte(text), 0o600))
		if _, err := Verify(path); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", len(text), err, want)
		}
	}
	if _, err := Verify(t.TempDir()); err == nil {
		t.Error("a directory passes")
	}
}

func TestAnEngineInUseIsVerified(t *testing.T) {
	e := openNew(t)
	stop, ended := make(chan struct{}), make(chan error)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			if err := write(context.Background(), e, fmt.Sprint(n%500), fmt.Sprint(n)); err != nil {
				ended <- err
				return
			}
		}
	}()
	for range 50 {
		if r, err := e.Verify(t.Context()); err != nil || len(r.Damage) > 0 {
			t.Fatalf("found %+v, %v", r, err)
		}
	}
	close(stop)
	must(t, <-ended)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestCompactKeepsEveryPairInLessSpace(t *testing.T) {
	e := openNew(t)
	for i := range 3000 {
		must(t, write(t.Context(), e, fmt.Sprintf("%05d", i), string(make([]byte, 500))))
	}
	for from := 0; from < 3000; from += 1000 {
		must(t, e.Update(t.Context(), func(tx kv.Txn) error {
			for i := from + 10; i < from+1000; i++ {
				if err := tx.Delete(fmt.Appendf(nil, "%05d", i)); err != nil {
					return err
				}
			}
			return tx.Put([]byte("empty"), nil)
		}))
	}
	path := filepath.Join(t.TempDir(), "small")
	must(t, e.Compact(t.Context(), path))
	if r, err := Verify(path); err != nil || len(r.Damage) > 0 {
		t.Errorf("found %+v, %v", r, err)
	}
	small, err := os.Stat(path)
	must(t, err)
	if big, _ := os.Stat(e.db.Path()); small.Size()*4 > big.Size() || small.Mode() != 0o600 {
		t.Errorf("%d bytes of %d, mode %v", small.Size(), big.Size(), small.Mode())
	}
	if got := readAll(t, openAt(t, path)); !maps.Equal(got, readAll(t, e)) {
		t.Errorf("%d pairs", len(got))
	}
	if err := e.Compact(t.Context(), path); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
}

func TestAFileOpenForReadingIsNotChanged(t *testing.T) {
	path, pairs := sample(t, true)
	before, err := os.ReadFile(path)
	must(t, err)
	var readers [2]*Engine
	for i := range readers {
		readers[i], err = Open(path, Options{ReadOnly: true})
		must(t, err)
		if got := readAll(t, readers[i]); !maps.Equal(got, pairs) {
			t.Errorf("read %d pairs", len(got))
		}
		if err := write(t.Context(), readers[i], "a", "b"); !errors.Is(err, ErrReadOnly) {
			t.Errorf("written: %v", err)
		}
	}
	if _, err := Open(path, Options{Timeout: time.Millisecond}); !errors.Is(err, kv.ErrLocked) {
		t.Errorf("opened for writing meanwhile: %v", err)
	}
	must(t, errors.Join(readers[0].Close(), readers[1].Close()))
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file is another one")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), Options{ReadOnly: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	e, err := Open(path, Options{}) // with checksums it is a data file still
	must(t, err)
	must(t, write(t.Context(), e, "key 000", "new"))
	must(t, e.Close())
	if r, err := Verify(path); err != nil || len(r.Damage) > 0 || r.Summed {
		t.Errorf("after a write: %+v, %v", r, err)
	}
}

// Whoever replaces the file holds its lock until it has been replaced.
func TestWhoWaitsForAFileThatIsReplacedOpensTheNewOne(t *testing.T) {
	path, _ := sample(t, false)
	lock, err := Lock(path, time.Second)
	must(t, err)
	opened := make(chan *Engine)
	go func() {
		e, err := Open(path, Options{Timeout: 30 * time.Second})
		if err != nil {
			t.Error(err)
		}
		opened <- e
	}()
	other := openNew(t)
	must(t, write(t.Context(), other, "new", "1"))
	must(t, other.Snapshot(t.Context(), path+".new"))
	must(t, os.Rename(path+".new", path))
	must(t, lock.Close())
	e := <-opened
	defer e.Close()
	if all := readAll(t, e); all["new"] != "1" || len(all) != 1 {
		t.Errorf("it opened a file of %d pairs", len(all))
	}
}

// What Verify finds nothing wrong with must be safe to open, whatever it is.
func FuzzVerify(f *testing.F) {
	path, _ := sample(f, false)
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(20000), []byte{1}, uint32(0))
	f.Add(uint32(16), []byte{0xff, 0xff}, uint32(100))
	f.Fuzz(func(t *testing.T, at uint32, bits []byte, cut uint32) {
		raw := bytes.Clone(good)
		for i, b := range bits {
			raw[(int(at)+i)%len(raw)] ^= b
		}
		path := filepath.Join(t.TempDir(), "f")
		must(t, os.WriteFile(path, raw[:len(raw)-int(cut)%len(raw)], 0o600))
		if r, err := Verify(path); err != nil || len(r.Damage) > 0 || r.Missing > 0 {
			return
		}
		e, err := Open(path, Options{ReadOnly: true})
		must(t, err)
		defer e.Close()
		readAll(t, e)
	})
}

// Whoever makes a file that is to be put back makes its checksums, too. What bbolt
// takes for the last commit must be what Verify looked at.
func FuzzVerifyStates(f *testing.F) {
	path, _ := sample(f, false)
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(0), uint8(4), []byte{1}, uint8(1), uint8(16), []byte{9}) // another format, another root
	f.Add(uint8(1), uint8(4), []byte{1}, uint8(0), uint8(16), []byte{9})
	f.Add(uint8(1), uint8(8), []byte{0, 2}, uint8(0), uint8(48), []byte{1})
	f.Add(uint8(1), uint8(16), []byte{3}, uint8(0), uint8(8), []byte{1})
	f.Fuzz(func(t *testing.T, one, oneAt uint8, oneBits []byte, two, twoAt uint8, twoBits []byte) {
		raw := bytes.Clone(good)
		forge(raw, one, oneAt, oneBits)
		forge(raw, two, twoAt, twoBits)
		path := filepath.Join(t.TempDir(), "f")
		must(t, os.WriteFile(path, raw, 0o600))
		if r, err := Verify(path); err != nil || len(r.Damage) > 0 || r.Missing > 0 {
			return
		}
		e, err := Open(path, Options{ReadOnly: true})
		must(t, err)
		defer e.Close()
		readAll(t, e)
	})
}

// forge flips bits in one of the two pages that say what the last commit was, and makes
// its checksum right.
func forge(raw []byte, page, at uint8, bits []byte) {
	state := raw[int(page%2)*os.Getpagesize()+pageHeader:]
	for i, b := range bits {
		if i += int(at); i < metaSize-8 {
			state[i] ^= b
		}
	}
	sum := fnv.New64a()
	sum.Write(state[:metaSize-8])
	order.PutUint64(state[metaSize-8:], sum.Sum64())
}
