package front_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/keys"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/memory"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/usecase"
)

const password = "seven green parrots sing"

// engine lets a test stand between the attempts and the disk.
type engine struct {
	kv.Engine
	commit func() error // before each; nil: goes through
}

func (e *engine) Update(ctx context.Context, fn func(kv.Txn) error) error {
	if e.commit != nil {
		if err := e.commit(); err != nil {
			return err
		}
	}
	return e.Engine.Update(ctx, fn)
}

// desk is where passwords are checked.
type desk struct {
	front.Passwords
	t      *testing.T
	engine *engine
	ada    *people.User
}

// newDesk has an account, ada. span hears of hashing.
func newDesk(t *testing.T, span keys.Span) *desk {
	t.Helper()
	ctx := t.Context()
	d := &desk{t: t, engine: &engine{Engine: memory.New(memory.Options{})}}
	d.Operations = &usecase.Operations{}
	t.Cleanup(func() { _ = d.engine.Close() })
	master, err := keys.CreateMaster(t.TempDir() + "/master.key")
	if err != nil {
		t.Fatal(err)
	}
	if d.Operations.Store, err = store.Open(ctx, d.engine, store.Options{}); err != nil {
		t.Fatal(err)
	}
	ring, err := keys.Open(ctx, keys.Options{Store: d.Operations.Store.Keys, Master: master})
	if err != nil {
		t.Fatal(err)
	}
	d.Operations.Hasher = keys.NewHasher(keys.HasherOptions{Ring: ring, Span: span})
	id := d.Operations.Store.Users.NewID()
	sealed, err := d.Operations.Hasher.Hash(ctx, id[:], password)
	if err == nil {
		d.ada, err = d.Operations.Store.Users.Create(ctx, storage.Operator,
			people.User{ID: id, Username: "ada", Password: sealed})
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) check(ctx context.Context, word string) (front.Checked, error) {
	return d.Check(ctx, "ada", d.ada, nil, word)
}

// hashing tells when a hash begins and when it has ended.
type hashing struct{ begun, ended chan struct{} }

func newHashing() *hashing { return &hashing{make(chan struct{}), make(chan struct{})} }

type watched struct{}

func (h *hashing) span(ctx context.Context, name string) func() {
	if ctx.Value(watched{}) == nil || name != "keys.hash" {
		return func() {}
	}
	close(h.begun)
	return func() { close(h.ended) }
}

func TestAnAttemptIsCountedWhileThePasswordIsHashed(t *testing.T) {
	h := newHashing()
	d := newDesk(t, h.span)
	ctx, stop := context.WithTimeout(context.WithValue(t.Context(), watched{}, true), time.Minute)
	defer stop()
	d.engine.commit = func() error { // which with the hash after it would never come
		select {
		case <-h.begun:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if out, err := d.check(ctx, password); err != nil || out.Problem != page.NoProblem {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestNobodyHearsAnythingBeforeTheAttemptIsOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHashing()
		d := newDesk(t, h.span)
		disk, told := make(chan struct{}), make(chan front.Checked, 1)
		d.engine.commit = func() error { <-disk; return nil }
		go func() {
			out, err := d.check(context.WithValue(t.Context(), watched{}, true), password)
			if err != nil {
				t.Error(err)
			}
			told <- out
		}()
		<-h.ended
		synctest.Wait()
		select {
		case out := <-told:
			t.Errorf("answered %+v", out)
		default:
		}
		close(disk)
		<-told
	})
}

func TestAnAttemptThatCannotBeCountedTellsNothingOfThePassword(t *testing.T) {
	d := newDesk(t, nil)
	full := errors.New("the disk is full")
	d.engine.commit = func() error { return full }
	for _, word := range []string{password, "wrong wrong wrong"} {
		if out, err := d.check(t.Context(), word); !errors.Is(err, full) || out.Problem != page.NoProblem ||
			out.Rehash != nil {
			t.Errorf("%+v, %v", out, err)
		}
	}
}

func TestAPanicWhileCountingIsTheCallersAndLeavesThePlaceFree(t *testing.T) {
	d := newDesk(t, nil)
	d.engine.commit = func() error { panic("the engine broke") }
	func() {
		defer func() {
			if v := recover(); v != "the engine broke" {
				t.Errorf("recovered %v", v)
			}
		}()
		_, _ = d.check(t.Context(), password)
	}()
	d.engine.commit = nil
	for range 200 { // more than there are places
		turn, err := d.Operations.Hasher.Reserve(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		turn.Release()
	}
	if out, err := d.check(t.Context(), password); err != nil || out.Problem != page.NoProblem {
		t.Errorf("%+v, %v", out, err)
	}
}

// The look lets all of them pass: it is the count that decides, and it says the same to
// those who guessed right.
func TestOfGuessesAtOnceAllAreCountedAndThoseTooManyLearnNothing(t *testing.T) {
	for _, word := range []string{password, "wrong wrong wrong"} {
		d := newDesk(t, nil)
		const guesses, allowed = 20, 10
		hold := make(chan struct{})
		var looked, done sync.WaitGroup
		looked.Add(guesses)
		d.engine.commit = func() error { looked.Done(); <-hold; return nil }
		var mu sync.Mutex
		got := map[page.SignInProblem]int{}
		for range guesses {
			done.Go(func() {
				out, err := d.check(context.Background(), word)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				got[out.Problem]++
			})
		}
		looked.Wait()
		close(hold)
		done.Wait()
		verdict := page.WrongPassword
		if word == password {
			verdict = page.NoProblem
		}
		if got[verdict] != allowed || got[page.Throttled] != guesses-allowed {
			t.Errorf("%q: %v", word, got)
		}
	}
}

func TestWhoeverHasToWaitCostsNoHashAndNoWrite(t *testing.T) {
	d := newDesk(t, func(ctx context.Context, name string) func() {
		if ctx.Value(watched{}) != nil {
			t.Errorf("%s for somebody who has to wait", name)
		}
		return func() {}
	})
	for _, user := range []*people.User{d.ada, nil} {
		d.engine.commit = nil
		for range 10 {
			if _, err := d.Check(t.Context(), "name", user, nil, "wrong wrong wrong"); err != nil {
				t.Fatal(err)
			}
		}
		d.engine.commit = func() error { return errors.New("a write") }
		out, err := d.Check(context.WithValue(t.Context(), watched{}, true), "name", user, nil, password)
		if err != nil || out.Problem != page.Throttled || out.Wait <= 0 {
			t.Errorf("%+v, %v", out, err)
		}
	}
}

// Each sign-in is a session and a line in the audit trail: whoever knows the password must
// not be able to write them without end. Whoever does not, learns nothing new from it.
func TestWhoSignsInAllDayLongWaits(t *testing.T) {
	d := newDesk(t, nil)
	set, err := d.Operations.Store.Settings.Get(t.Context())
	if err == nil {
		set.DailySignIns = 100
		err = d.Operations.Store.Settings.Set(t.Context(), storage.Operator, set)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if wait := d.Operations.Store.Sessions.Count(d.ada.ID, &set); wait > 0 {
			t.Fatal(wait)
		}
	}
	if wait := d.Operations.Store.Grants.Count(d.ada.ID, &set); wait > 0 {
		t.Errorf("an app's sign-in waits %v", wait)
	}
	if out, err := d.check(t.Context(), password); err != nil || out.Problem != page.Throttled || out.Wait <= 0 ||
		out.Wait > 30*time.Second {
		t.Errorf("the password: %+v, %v", out, err)
	}
	if out, err := d.check(t.Context(), "wrong wrong wrong"); err != nil || out.Problem != page.WrongPassword {
		t.Errorf("another: %+v, %v", out, err)
	}
}
