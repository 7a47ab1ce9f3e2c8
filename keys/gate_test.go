package keys

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func (g *gate) places() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.taken
}

type addressKey struct{}

// from is a context of a call from an address.
func from(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, netip.MustParseAddr(address))
}

func addressOf(ctx context.Context) netip.Addr {
	a, _ := ctx.Value(addressKey{}).(netip.Addr)
	return a
}

// fill takes places for an address until there are none for it, and returns how many it got.
func fill(t *testing.T, g *gate, address string) (got int64) {
	t.Helper()
	for {
		switch err := g.reserve(neighbours(addressOf(from(t.Context(), address)))); {
		case errors.Is(err, ErrBusy):
			return got
		case err != nil:
			t.Fatal(err)
		}
		got++
	}
}

func TestOneAddressFillsHalfOfTheGateAndWhoeverComesFromAnotherFindsAPlace(t *testing.T) {
	for _, c := range []struct {
		slots     int
		queue     int64
		addresses []string
		want      []int64
	}{
		{2, 64, []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, []int64{33, 17, 8}},
		{2, 64, []string{"192.0.2.1", "::ffff:192.0.2.1"}, []int64{33, 0}},
		{2, 64, []string{"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"}, []int64{33, 0, 17}},
		{2, 64, []string{"192.0.2.1", "2001:db8::1"}, []int64{33, 17}},
		{2, 64, []string{"127.0.0.1", "192.0.2.1"}, []int64{66, 0}}, // this machine's own is bound by no share
		{2, 64, []string{"::ffff:127.0.0.1", "::1"}, []int64{66, 0}},
		{2, 64, []string{"192.0.2.1", "::1"}, []int64{33, 33}},
		{1, 0, []string{"192.0.2.1", "192.0.2.2"}, []int64{1, 0}},
		{1, 1, []string{"192.0.2.1", "192.0.2.2"}, []int64{1, 1}},
	} {
		t.Run(fmt.Sprint(c.slots, c.queue, c.addresses), func(t *testing.T) {
			g := newGate(c.slots, c.queue)
			for i, a := range c.addresses {
				if got := fill(t, g, a); got != c.want[i] {
					t.Errorf("%s has %d places, want %d", a, got, c.want[i])
				}
			}
		})
	}
}

// As many as there are keep their word: each gets an equal share, and one more address
// finds that share free.
func TestAddressesThatPressAtOnceShareTheGate(t *testing.T) {
	for n := int64(1); n <= 8; n++ {
		g := newGate(8, 64)
		held := make(map[string]int64)
		for more := true; more; {
			more = false
			for i := range n {
				a := fmt.Sprintf("192.0.2.%d", i)
				if g.reserve(neighbours(netip.MustParseAddr(a))) == nil {
					held[a]++
					more = true
				}
			}
		}
		for a, got := range held {
			if share := 72 / (n + 1); got < share || got > share+1 {
				t.Errorf("%d addresses: %s has %d of 72 places", n, a, got)
			}
		}
		if got := fill(t, g, "198.51.100.1"); got == 0 {
			t.Errorf("%d addresses leave nothing to another", n)
		}
	}
}

func TestWhoeverHasNoAddressIsBoundByThePlacesAlone(t *testing.T) {
	g := newGate(2, 4)
	for range 6 {
		if err := g.reserve(neighbours(netip.Addr{})); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.reserve(netip.Prefix{}); !errors.Is(err, ErrBusy) {
		t.Errorf("a seventh place of six: %v", err)
	}
	if len(g.held) != 0 {
		t.Errorf("%v", g.held)
	}
}

// Places go back to where they came from, and what is known of an address goes with the
// last of its places.
func TestAGateThatIsLeftRemembersNoAddress(t *testing.T) {
	g := newGate(2, 16)
	var all sync.WaitGroup
	for i := range 64 {
		at := neighbours(netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 5)}))
		all.Go(func() {
			for range 50 {
				if g.enter(context.Background(), at, nil) == nil {
					g.leave(at)
				}
				if g.reserve(at) == nil {
					g.free(at)
				}
			}
		})
	}
	all.Wait()
	if g.taken != 0 || len(g.held) != 0 || len(g.slots) != 0 {
		t.Errorf("%d places, %v held, %d slots", g.taken, g.held, len(g.slots))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.enter(ctx, neighbours(netip.MustParseAddr("192.0.2.1")), nil); !errors.Is(err, context.Canceled) || len(g.held) != 0 {
		t.Errorf("%v; %v held", err, g.held)
	}
}

// Whatever a caller has hashed, it is one share: of passwords known and unknown, new
// ones, and imported secrets.
func TestWhileOneAddressPressesPeopleElsewhereCanSignIn(t *testing.T) {
	r, _ := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		held := &heldSwapper{release: make(chan struct{})}
		h := NewHasher(HasherOptions{Ring: r, Concurrent: 2, Queue: 8, Address: addressOf})
		h.swapper = held
		sealed := r.Seal(PurposePassword, ada, []byte(nobody))
		secret, err := h.ImportSecret("web", mustEncode(t, pass))
		if err != nil {
			t.Fatal(err)
		}
		flood := from(t.Context(), "192.0.2.1")
		calls := []func(context.Context) error{
			func(ctx context.Context) error { _, err := h.Hash(ctx, ada, pass); return err },
			func(ctx context.Context) error { _, _, err := h.Verify(ctx, ada, sealed, pass); return err },
			func(ctx context.Context) error { return h.VerifyNothing(ctx, pass) },
		}
		var done, busy atomic.Int64
		for i := range 60 {
			go func() {
				switch err := calls[i%len(calls)](flood); {
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
		if n := h.gate.places(); n != 5 {
			t.Errorf("one address holds %d of 10 places", n)
		}
		if _, err := h.VerifySecret(flood, "web", secret, pass); !errors.Is(err, ErrBusy) {
			t.Errorf("a secret from there: %v", err)
		}
		if h.secrets.places() != 0 {
			t.Error("its place among the secrets is lost")
		}
		turn, err := h.Reserve(from(t.Context(), "198.51.100.1"))
		if err != nil {
			t.Fatal("somebody elsewhere is sent away: ", err)
		}
		close(held.release)
		if err := turn.VerifyNothing(t.Context(), pass); err != nil {
			t.Error(err)
		}
		turn.Release()
		synctest.Wait()
		if h.gate.places() != 0 || len(h.gate.held) != 0 || h.secrets.places() != 0 || len(h.secrets.held) != 0 || done.Load() != 5 || busy.Load() != 55 {
			t.Errorf("%d done, %d sent away; %d places are taken, %d of secrets", done.Load(), busy.Load(), h.gate.places(), h.secrets.places())
		}
		if ok, err := h.VerifySecret(flood, "web", secret, pass); !ok || err != nil {
			t.Errorf("once the gate is idle: %v, %v", ok, err)
		}
	})
}
