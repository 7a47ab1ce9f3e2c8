package keys

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"latchkey/internal/limit"

	"github.com/zitadel/passwap"
	"github.com/zitadel/passwap/argon2"
	"github.com/zitadel/passwap/bcrypt"
	"github.com/zitadel/passwap/pbkdf2"
	"github.com/zitadel/passwap/scrypt"
	"golang.org/x/text/unicode/norm"
)

const pass = "a sentence nobody else has"

var ada = []byte("ada's id")

func newHasher(t testing.TB) (*Hasher, *Ring, *shelf) {
	r, store := newRing(t)
	return NewHasher(HasherOptions{Ring: r}), r, store
}

func mustHash(t testing.TB, h *Hasher, password string) []byte {
	t.Helper()
	sealed, err := h.Hash(context.Background(), ada, password)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestPasswordVerifiesForItsUserOnly(t *testing.T) {
	h, _, _ := newHasher(t)
	sealed := mustHash(t, h, pass)
	ctx := context.Background()
	if ok, rehash, err := h.Verify(ctx, ada, sealed, pass); !ok || rehash != nil || err != nil {
		t.Errorf("the password: %v, %x, %v", ok, rehash, err)
	}
	for _, wrong := range []string{"", pass + " ", strings.ToUpper(pass), pass[:len(pass)-1],
		strings.Repeat(pass, 1000)} {
		if ok, rehash, err := h.Verify(ctx, ada, sealed, wrong); ok || rehash != nil || err != nil {
			t.Errorf("%.40q: %v, %x, %v", wrong, ok, rehash, err)
		}
	}
	if ok, _, err := h.Verify(ctx, []byte("eve's id"), sealed, pass); ok || !errors.Is(err, ErrSeal) {
		t.Errorf("the hash moved to another user: %v, %v", ok, err)
	}
	sealed[len(sealed)-1] ^= 1
	if ok, _, err := h.Verify(ctx, ada, sealed, pass); ok || !errors.Is(err, ErrSeal) {
		t.Errorf("a changed hash: %v, %v", ok, err)
	}
}

func TestHashAtRestShowsNeitherPasswordNorHash(t *testing.T) {
	h, _, _ := newHasher(t)
	a, b := mustHash(t, h, pass), mustHash(t, h, pass)
	if bytes.Equal(a, b) || bytes.Contains(a, []byte("argon2")) || bytes.Contains(a, []byte(pass)) {
		t.Errorf("%q", a)
	}
}

func TestPasswordCountsInNFC(t *testing.T) {
	h, _, _ := newHasher(t)
	const composed, decomposed = "caf\u00e9 on the corner", "cafe\u0301 on the corner"
	for _, first := range []string{composed, decomposed} {
		sealed := mustHash(t, h, first)
		for _, second := range []string{composed, decomposed} {
			if ok, rehash, err := h.Verify(context.Background(), ada, sealed, second); !ok || rehash != nil ||
				err != nil {
				t.Errorf("%+q as %+q: %v, %x, %v", first, second, ok, rehash, err)
			}
		}
	}
}

func TestImportedHashesVerifyAndAreHashedAgain(t *testing.T) {
	h, r, _ := newHasher(t)
	ctx := context.Background()
	const typed = "cafe\u0301 on the corner" // as a system without NFC took it
	for name, foreign := range map[string]passwap.Hasher{
		"argon2i":       argon2.NewArgon2i(argon2.Params{Time: 1, Memory: 64, Threads: 1, KeyLen: 32, SaltLen: 16}),
		"argon2id":      argon2.NewArgon2id(argon2.Params{Time: 1, Memory: 64, Threads: 2, KeyLen: 16, SaltLen: 8}),
		"bcrypt":        bcrypt.New(4),
		"scrypt":        scrypt.New(scrypt.Params{N: 16, R: 8, P: 1, KeyLen: 32, SaltLen: 16}),
		"pbkdf2":        pbkdf2.NewSHA1(pbkdf2.Params{Rounds: 10, KeyLen: 20, SaltLen: 16}),
		"pbkdf2-sha256": pbkdf2.NewSHA256(pbkdf2.Params{Rounds: 10, KeyLen: 32, SaltLen: 16}),
		"pbkdf2-sha512": pbkdf2.NewSHA512(pbkdf2.Params{Rounds: 10, KeyLen: 64, SaltLen: 16}),
	} {
		for _, password := range []string{pass, typed} {
			encoded, err := foreign.Hash(password)
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := h.Import(ada, encoded)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if ok, rehash, err := h.Verify(ctx, ada, sealed, "not "+password); ok || rehash != nil || err != nil {
				t.Errorf("%s, wrong password: %v, %x, %v", name, ok, rehash, err)
			}
			ok, rehash, err := h.Verify(ctx, ada, sealed, password)
			if !ok || rehash == nil || err != nil {
				t.Fatalf("%s: %v, %x, %v", name, ok, rehash, err)
			}
			now, err := r.Unseal(PurposePassword, ada, rehash)
			if err != nil || !bytes.HasPrefix(now, []byte("$argon2id$v=19$m=19456,t=2,p=1$")) {
				t.Errorf("%s is hashed again as %q, %v", name, now, err)
			}
			for _, password := range []string{password, norm.NFC.String(password)} {
				if ok, again, err := h.Verify(ctx, ada, rehash, password); !ok || again != nil || err != nil {
					t.Errorf("%s, hashed again: %v, %x, %v", name, ok, again, err)
				}
			}
		}
	}
}

func TestBcryptVerifiesPasswordsLongerThanItLooksAt(t *testing.T) {
	h, _, _ := newHasher(t)
	long := strings.Repeat("x", 72)
	encoded, err := bcrypt.New(4).Hash(long)
	if err != nil {
		t.Fatal(err)
	}
	sealed, _ := h.Import(ada, encoded)
	ok, rehash, err := h.Verify(context.Background(), ada, sealed, long+" and more")
	if !ok || rehash == nil || err != nil {
		t.Fatal(ok, err)
	}
	if ok, _, _ := h.Verify(context.Background(), ada, rehash, long); ok {
		t.Error("hashed again, and still cut at 72 bytes")
	}
}

func TestHashUnderARetiredKeyIsSealedAgain(t *testing.T) {
	h, r, store := newHasher(t)
	sealed := mustHash(t, h, pass)
	before, _ := r.Unseal(PurposePassword, ada, sealed)
	store.retireDataKeys()
	reload(t, r)
	ok, rehash, err := h.Verify(context.Background(), ada, sealed, pass)
	if !ok || rehash == nil || err != nil {
		t.Fatal(ok, rehash, err)
	}
	after, err := r.Unseal(PurposePassword, ada, rehash)
	if err != nil || !bytes.Equal(before, after) || r.retired(PurposePassword, rehash) {
		t.Errorf("%q became %q, %v", before, after, err)
	}
	if ok, rehash, _ := h.Verify(context.Background(), ada, sealed, "wrong"); ok || rehash != nil {
		t.Error("sealed again for a wrong password")
	}
}

func TestHashesThatWouldHurtAreRefused(t *testing.T) {
	h, r, _ := newHasher(t)
	const salt, out = "c2FsdHNhbHRzYWx0", "b3V0cHV0b3V0cHV0b3V0cHV0"
	for name, encoded := range map[string]string{
		"empty":              "",
		"plain text":         "password",
		"md5":                "$1$abc$abcdefghijklmnopqrstuv",
		"argon2d":            "$argon2d$v=19$m=64,t=1,p=1$" + salt + "$" + out,
		"argon2 old version": "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + out,
		"no passes":          "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + out,
		"no lanes":           "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + out,
		"2 TiB":              "$argon2id$v=19$m=2147483647,t=1,p=1$" + salt + "$" + out,
		"129 MiB":            "$argon2id$v=19$m=132096,t=1,p=1$" + salt + "$" + out,
		"a million passes":   "$argon2id$v=19$m=64,t=1000000,p=1$" + salt + "$" + out,
		"empty output":       "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
		"one byte of output": "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$AA",
		"spaces":             "$argon2id$v=19$m=64,t=1,p=1$" + salt + " " + out,
		"line at the end":    "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + out + "\n",
		"not base64":         "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + out + "!",
		"bcrypt of years":    "$2b$31$" + strings.Repeat("a", 53),
		"bcrypt cut":         "$2b$10$" + strings.Repeat("a", 52),
		"scrypt shift":       "$scrypt$ln=63,r=8,p=1$" + salt + "$" + out,
		"scrypt 1 GiB":       "$scrypt$ln=20,r=8,p=1$" + salt + "$" + out,
		"scrypt nothing":     "$scrypt$ln=0,r=8,p=1$" + salt + "$" + out,
		"pbkdf2 no rounds":   "$pbkdf2-sha256$0$" + salt + "$" + out,
		"pbkdf2 of years":    "$pbkdf2-sha256$999999999$" + salt + "$" + out,
		"pbkdf2 of md5":      "$pbkdf2-md5$1000$" + salt + "$" + out,
	} {
		if sealed, err := h.Import(ada, encoded); !errors.Is(err, ErrHash) || sealed != nil {
			t.Errorf("%s is imported: %v", name, err)
		}
		sealed := r.Seal(PurposePassword, ada, []byte(encoded))
		if ok, _, err := h.Verify(context.Background(), ada, sealed, ""); ok || !errors.Is(err, ErrHash) {
			t.Errorf("%s is verified: %v, %v", name, ok, err)
		}
	}
}

func TestUnknownUserCostsWhatAWrongPasswordCosts(t *testing.T) {
	h, r, _ := newHasher(t)
	encoded, err := r.Unseal(PurposePassword, ada, mustHash(t, h, pass))
	if err != nil {
		t.Fatal(err)
	}
	form := func(s string) (parameters string, salt, out int) {
		parts := strings.Split(s, "$")
		return strings.Join(parts[:4], "$"), len(parts[4]), len(parts[5])
	}
	p1, s1, o1 := form(string(encoded))
	p2, s2, o2 := form(nobody)
	if p1 != p2 || s1 != s2 || o1 != o2 {
		t.Errorf("%s and %s", encoded, nobody)
	}
	// The same hashes are computed for both, whatever is typed.
	for _, password := range []string{pass, "cafe\u0301 on the corner", "", strings.Repeat("x", maxPasswordBytes+1)} {
		counted := &countingSwapper{swapper: h.swapper}
		h := &Hasher{ring: r, gate: h.gate, swapper: counted}
		if err := h.VerifyNothing(context.Background(), password); err != nil {
			t.Errorf("%.20q: %v", password, err)
		}
		nothing := counted.calls.Swap(0)
		if ok, _, err := h.Verify(context.Background(), ada, mustHash(t, h, "another password"), password); ok ||
			err != nil {
			t.Error(ok, err)
		}
		if wrong := counted.calls.Load() - 1; wrong != nothing || nothing == 0 { // one for mustHash
			t.Errorf("%.20q: %d hashes for nobody, %d for somebody", password, nothing, wrong)
		}
	}
}

type countingSwapper struct {
	swapper
	calls atomic.Int64
}

func (c *countingSwapper) Hash(password string) (string, error) {
	c.calls.Add(1)
	return c.swapper.Hash(password)
}

func (c *countingSwapper) Verify(encoded, password string) (string, error) {
	c.calls.Add(1)
	return c.swapper.Verify(encoded, password)
}

func (c *countingSwapper) VerifyAndUpdate(encoded, old, new string) (string, error) {
	c.calls.Add(1)
	return c.swapper.VerifyAndUpdate(encoded, old, new)
}

// heldSwapper keeps every hash running until it is released, and counts them.
type heldSwapper struct {
	release       chan struct{}
	running, most atomic.Int64
}

func (s *heldSwapper) hold() {
	n := s.running.Add(1)
	defer s.running.Add(-1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	<-s.release
}

func (s *heldSwapper) Hash(string) (string, error)           { s.hold(); return nobody, nil }
func (s *heldSwapper) Verify(string, string) (string, error) { s.hold(); return "", nil }
func (s *heldSwapper) VerifyAndUpdate(string, string, string) (string, error) {
	s.hold()
	return "", nil
}

func TestOnlySoManyHashesRunAndOnlySoManyWait(t *testing.T) {
	r, _ := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		held := &heldSwapper{release: make(chan struct{})}
		h := NewHasher(HasherOptions{Ring: r, Concurrent: 3, Queue: 5})
		h.swapper = held
		sealed := r.Seal(PurposePassword, ada, []byte(nobody))
		calls := []func() error{
			func() error { _, _, err := h.Verify(t.Context(), ada, sealed, pass); return err },
			func() error { return h.VerifyNothing(t.Context(), pass) },
		}
		var done, busy atomic.Int64
		for i := range 20 {
			go func() {
				switch err := calls[i%len(calls)](); {
				case err == nil:
					done.Add(1)
				case errors.Is(err, ErrBusy):
					busy.Add(1)
				default:
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		if held.running.Load() != 3 || h.gate.places() != 6 || busy.Load() != 14 {
			t.Errorf("%d run, %d run or wait, %d were sent away", held.running.Load(), h.gate.places(), busy.Load())
		}
		close(held.release)
		synctest.Wait()
		if held.most.Load() != 3 || done.Load() != 6 || h.gate.places() != 0 {
			t.Errorf("at most %d ran, %d were done, %d places are taken", held.most.Load(), done.Load(),
				h.gate.places())
		}
	})
}

func TestWaitingForAHashEndsWithItsContext(t *testing.T) {
	r, _ := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		held := &heldSwapper{release: make(chan struct{})}
		h := NewHasher(HasherOptions{Ring: r, Concurrent: 1, Queue: 1})
		h.swapper = held
		go h.VerifyNothing(t.Context(), pass)
		synctest.Wait()
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		result := make(chan error, 1)
		go func() { result <- h.VerifyNothing(ctx, pass) }()
		synctest.Wait()
		if err := h.VerifyNothing(t.Context(), pass); !errors.Is(err, ErrBusy) {
			t.Errorf("a second one waits: %v", err)
		}
		cancel(gone)
		if err := <-result; !errors.Is(err, gone) {
			t.Error(err)
		}
		if _, err := h.Hash(ctx, ada, pass); !errors.Is(err, gone) {
			t.Errorf("begun with its context ended: %v", err)
		}
		if h.gate.places() != 1 {
			t.Error("the place in the queue is lost")
		}
		close(held.release)
		synctest.Wait()
		if _, err := h.Hash(ctx, ada, pass); !errors.Is(err, gone) {
			t.Errorf("hashed for nobody although a core was free: %v", err)
		}
	})
}

func TestWhoHasAPlaceIsNeverSentAway(t *testing.T) {
	r, _ := newRing(t)
	h := NewHasher(HasherOptions{Ring: r, Concurrent: 1, Queue: 1})
	var turns []Turn
	for range 2 {
		turn, err := h.Reserve(context.Background(), false)
		if err != nil {
			t.Fatal(err)
		}
		turns = append(turns, turn)
	}
	if _, err := h.Reserve(context.Background(), false); !errors.Is(err, ErrBusy) {
		t.Errorf("a third place: %v", err)
	}
	if err := h.VerifyNothing(context.Background(), pass); !errors.Is(err, ErrBusy) {
		t.Errorf("without a place: %v", err)
	}
	sealed := r.Seal(PurposePassword, ada, []byte(nobody))
	if _, _, err := turns[0].Verify(context.Background(), ada, sealed, pass); err != nil {
		t.Error(err)
	}
	if err := turns[1].VerifyNothing(context.Background(), pass); err != nil {
		t.Error(err)
	}
	if _, err := turns[0].Hash(context.Background(), ada, pass); err != nil {
		t.Errorf("a second hash in one place: %v", err)
	}
	turns[0].Release()
	if err := h.VerifyNothing(context.Background(), pass); err != nil {
		t.Errorf("once one is given back: %v", err)
	}
	turns[1].Release()
	if n := h.gate.places(); n != 0 {
		t.Errorf("%d places stay taken", n)
	}
}

func TestAPanickingHashGivesItsTurnBack(t *testing.T) {
	r, _ := newRing(t)
	h := NewHasher(HasherOptions{Ring: r, Concurrent: 1})
	good := h.swapper
	h.swapper = nil
	func() {
		defer func() { recover() }()
		h.VerifyNothing(context.Background(), pass)
	}()
	h.swapper = good
	if err := h.VerifyNothing(context.Background(), pass); err != nil {
		t.Error(err)
	}
}

// Without the gate this would hold 16 times 19 MiB at once.
func TestMemoryOfHashingIsBounded(t *testing.T) {
	r, _ := newRing(t)
	h := NewHasher(HasherOptions{Ring: r, Concurrent: 1})
	runtime.GC()
	var most atomic.Uint64
	h.swapper = &measuringSwapper{swapper: h.swapper, most: &most}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := h.VerifyNothing(context.Background(), pass); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 120<<20 {
		t.Errorf("%d MiB of heap", most.Load()>>20)
	}
}

type measuringSwapper struct {
	swapper
	most *atomic.Uint64
}

func (s *measuringSwapper) Verify(encoded, password string) (string, error) {
	updated, err := s.swapper.Verify(encoded, password)
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	for most := s.most.Load(); now.HeapInuse > most &&
		!s.most.CompareAndSwap(most, now.HeapInuse); most = s.most.Load() {
	}
	return updated, err
}

func TestHasherDefaultsToOneHashACore(t *testing.T) {
	r, _ := newRing(t)
	h := NewHasher(HasherOptions{Ring: r})
	want := int64(runtime.GOMAXPROCS(0)) + 64
	if !h.gate.shares.Take(limit.Caller{Known: true}, want) || h.gate.shares.Take(limit.Caller{Known: true}, 1) {
		t.Errorf("not %d at once or waiting", want)
	}
}

func TestHashRefusesWhatNobodyTypes(t *testing.T) {
	h, _, _ := newHasher(t)
	if sealed, err := h.Hash(context.Background(), ada, strings.Repeat("x", maxPasswordBytes+1)); !errors.Is(err,
		ErrHash) || sealed != nil {
		t.Error(err)
	}
}

func FuzzImport(f *testing.F) {
	r, _ := newRing(f)
	h := NewHasher(HasherOptions{Ring: r})
	f.Add(nobody)
	f.Add("$2b$04$" + strings.Repeat("a", 53))
	f.Add("$scrypt$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0$b3V0cHV0b3V0cHV0b3V0cHV0")
	f.Add("$pbkdf2-sha256$10$c2FsdHNhbHRzYWx0$b3V0cHV0b3V0cHV0b3V0cHV0")
	f.Fuzz(func(t *testing.T, encoded string) {
		sealed, err := h.Import(ada, encoded)
		if err != nil {
			if !errors.Is(err, ErrHash) {
				t.Error(err)
			}
			return
		}
		// What is imported can be checked, without a panic, and opens to no guess.
		if ok, _, err := h.Verify(context.Background(), ada, sealed, "guess"); ok || err != nil &&
			!errors.Is(err, ErrHash) {
			t.Errorf("%q: %v, %v", encoded, ok, err)
		}
	})
}
