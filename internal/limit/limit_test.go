package limit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var noon = time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)

func TestAnAddressCountsUnderItsNetworks(t *testing.T) {
	for address, want := range map[string]string{
		"2001:db8:1:2345::9":      "[2001:db8:1::/48 2001:db8:1:2300::/56 2001:db8:1:2345::/64]",
		"2001:db8:1:2345::9%eth0": "[2001:db8:1::/48 2001:db8:1:2300::/56 2001:db8:1:2345::/64]",
		"192.0.2.7":               "[192.0.2.0/24 192.0.2.7/32]",
		"::ffff:192.0.2.7":        "[192.0.2.0/24 192.0.2.7/32]",
		"127.0.0.1":               "[]",
		"::ffff:127.0.0.1":        "[]",
		"::1":                     "[]",
	} {
		if got := fmt.Sprint(Prefixes(netip.MustParseAddr(address))); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if got := Prefixes(netip.Addr{}); got != nil {
		t.Errorf("no address: %v", got)
	}
}

func TestARateAllowsItsBurstAndThenOneEachInterval(t *testing.T) {
	r, now := Rate{Burst: 3, Every: 10 * time.Second}, noon
	var s Spent
	for i, c := range []struct{ later, want time.Duration }{
		{0, 0}, {0, 0}, {0, 0}, {0, 10 * time.Second}, {4 * time.Second, 6 * time.Second}, {6 * time.Second, 0},
		{0, 10 * time.Second}, {20 * time.Second, 0}, {0, 0}, {0, 10 * time.Second},
		{time.Hour, 0}, {0, 0}, {0, 0}, {0, 10 * time.Second},
		{-time.Hour, 0}, {0, 10 * time.Second}, {10 * time.Second, 0}, // the clock was set back
	} {
		now = now.Add(c.later)
		look := r.Wait(s, now)
		if wait := r.Take(&s, now); wait != c.want || look != wait {
			t.Errorf("%d: waits %v, a look says %v, want %v", i, wait, look, c.want)
		}
	}
	for range 10 { // what has happened is counted, but never makes anybody wait for more than one interval
		r.Add(&s, now)
	}
	if wait := r.Wait(s, now); wait != 10*time.Second {
		t.Errorf("waits %v", wait)
	}
}

func TestPausesDoubleAndNeverLock(t *testing.T) {
	p := Pauses{Free: 3, First: time.Minute, Most: time.Hour, Forget: 24 * time.Hour}
	var f Failures
	now, attempts := noon, 0
	for end := noon.Add(24 * time.Hour); now.Before(end); {
		if wait := p.Count(&f, now); wait > 0 {
			now = now.Add(wait)
		} else {
			attempts++
		}
	}
	if attempts != 3+6+22 { // after 1, 2, 4, 8, 16, 32 minutes, and then one an hour
		t.Errorf("%d attempts in a day", attempts)
	}
	if wait := p.Wait(f, now); wait > time.Hour {
		t.Errorf("waits %v", wait)
	}
	f.Count = 1 << 31
	if wait := p.Wait(f, time.Unix(f.Last, 0)); wait != time.Hour {
		t.Errorf("after many: waits %v", wait)
	}
	now = time.Unix(f.Last, 0).Add(24 * time.Hour)
	for i := range 3 {
		if wait := p.Count(&f, now); wait > 0 {
			t.Errorf("attempt %d after a quiet day waits %v", i+1, wait)
		}
	}
	if p.Wait(f, now.Add(-2*time.Minute)) != 0 || p.Wait(f, now.Add(-2*time.Second)) != time.Minute {
		t.Error("a clock set back is taken for an attempt that was overtaken, or the other way round")
	}
}

func TestATableForgetsTheKeyUsedLongestAgoAndNoOther(t *testing.T) {
	table := NewTable[int](ways) // one set
	bump := func(key string) (n int) {
		table.With(key, func(s *int) { *s++; n = *s })
		return n
	}
	for i := range ways {
		bump(fmt.Sprint(i))
	}
	if bump("0") != 2 || bump("another") != 1 {
		t.Error("a new key does not begin at nothing")
	}
	if bump("0") != 3 || bump("2") != 2 {
		t.Error("a key that was used lately is forgotten")
	}
	if bump("1") != 1 {
		t.Error("the one used longest ago is kept: then there is one too many")
	}
	if n := len(table.sets[0]); n != ways {
		t.Errorf("%d keys", n)
	}
}

func from(address string) Caller { return Caller{From: Prefixes(netip.MustParseAddr(address))} }

// fill takes one at a time until there is none, and returns how many it got.
func fill(s *Shares, c Caller) (n int64) {
	for s.Take(c, 1) {
		n++
	}
	return n
}

func TestOneNetworkFillsHalfAndWhoeverComesFromAnotherFindsSome(t *testing.T) {
	for _, c := range []struct {
		most      int64
		addresses []string
		want      []int64
	}{
		{66, []string{"192.0.2.1", "198.51.100.1", "203.0.113.1"}, []int64{33, 17, 8}},
		{66, []string{"192.0.2.1", "192.0.2.2"}, []int64{33, 0}},
		{66, []string{"192.0.2.1", "::ffff:192.0.2.1"}, []int64{33, 0}},
		{66, []string{"2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:ff00::1", "2001:db8:1::1"},
			[]int64{33, 0, 0, 17}},
		{66, []string{"127.0.0.1", "192.0.2.1"}, []int64{66, 0}}, // this machine's own is bound by no share
		{66, []string{"192.0.2.1", "::1"}, []int64{33, 33}},
		{1, []string{"192.0.2.1", "198.51.100.1"}, []int64{1, 0}},
		{2, []string{"192.0.2.1", "198.51.100.1"}, []int64{1, 1}},
	} {
		s := NewShares(c.most, 0)
		for i, a := range c.addresses {
			if got := fill(s, from(a)); got != c.want[i] {
				t.Errorf("%v: %s has %d, want %d", c.addresses, a, got, c.want[i])
			}
		}
	}
}

// 100 networks of one household are one.
func TestAHouseholdWithManyNetworksFillsHalf(t *testing.T) {
	s := NewShares(66, 0)
	var got int64
	for i := range 100 {
		got += fill(s, from(fmt.Sprintf("2001:db8:0:42%02x::1", i)))
	}
	if got != 33 {
		t.Errorf("it has %d of 66", got)
	}
}

// As many as there are keep their word: each gets an equal share, and one more finds that
// share free.
func TestNetworksThatPressAtOnceShare(t *testing.T) {
	for n := 1; n <= 8; n++ {
		s, held := NewShares(72, 0), make([]int64, n)
		for more := true; more; {
			more = false
			for i := range n {
				if s.Take(from(fmt.Sprintf("192.0.%d.1", i)), 1) {
					held[i]++
					more = true
				}
			}
		}
		for _, got := range held {
			if share := int64(72 / (n + 1)); got < share || got > share+1 {
				t.Errorf("%d networks: one has %d of 72", n, got)
			}
		}
		if fill(s, from("198.51.100.1")) == 0 {
			t.Errorf("%d networks leave nothing to another", n)
		}
	}
}

func TestWhatIsKeptIsForThoseWhoAreKnown(t *testing.T) {
	s := NewShares(64, 16)
	for i := range 200 {
		fill(s, from(fmt.Sprintf("10.0.%d.1", i)))
	}
	fill(s, Caller{})
	if s.Taken() != 48 {
		t.Fatalf("strangers have %d", s.Taken())
	}
	known := from("198.51.100.1")
	known.Known = true
	if got := fill(s, known); got != 8 { // half of it: others are known too
		t.Errorf("one who is known has %d", got)
	}
}

func TestWhatIsGivenBackLeavesNoTrace(t *testing.T) {
	s := NewShares(1000, 10)
	var all sync.WaitGroup
	for i := range 64 {
		c := from(fmt.Sprintf("192.0.2.%d", i%5))
		all.Go(func() {
			for n := range int64(50) {
				if s.Take(c, n) {
					s.Give(c, n)
				}
			}
		})
	}
	all.Wait()
	if s.taken != 0 || len(s.held) != 0 {
		t.Errorf("%d, %v", s.taken, s.held)
	}
}

// order is who of many callers is let through when, one at a time.
func order(t *testing.T, callers ...string) (got []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(1)
		if err := turns.Wait(t.Context(), Caller{}); err != nil {
			t.Fatal(err)
		}
		for _, a := range callers {
			go func() {
				if err := turns.Wait(t.Context(), from(a)); err != nil {
					t.Error(err)
				}
				got = append(got, a)
				turns.Done()
			}()
			synctest.Wait() // they come one after the other
		}
		turns.Done()
		synctest.Wait()
		if turns.free != 1 || len(turns.waiting) != 0 || len(turns.last) != 0 {
			t.Errorf("left: %+v", turns)
		}
	})
	return got
}

func TestNetworksTakeTurns(t *testing.T) {
	got := order(t, "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "198.51.100.1", "198.51.100.2", "203.0.113.1")
	want := []string{"192.0.2.1", "198.51.100.1", "203.0.113.1", "192.0.2.2", "198.51.100.2", "192.0.2.3", "192.0.2.4"}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	household := make([]string, 100)
	for i := range household {
		household[i] = fmt.Sprintf("2001:db8:0:42%02x::1", i)
	}
	if got := order(t, append(household, "2001:db8:1::1")...); got[1] != "2001:db8:1::1" {
		t.Errorf("who comes alone is let through after %d of a household", slices.Index(got, "2001:db8:1::1"))
	}
}

func TestWhoGivesUpTakesNoTurnWithThem(t *testing.T) {
	turns, gone := NewTurns(1), errors.New("gone")
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			if i%2 == 0 {
				go cancel(gone)
			}
			switch err := turns.Wait(ctx, from(fmt.Sprintf("192.0.%d.1", i%7))); {
			case err == nil:
				turns.Done()
			case !errors.Is(err, gone):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if turns.free != 1 || turns.Waiting() != 0 || len(turns.last) != 0 {
		t.Errorf("left: %+v", turns)
	}
}
