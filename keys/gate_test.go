package keys

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func (g *gate) places() int64 { return g.shares.Taken() }

type addressKey struct{}

// from is a context of a call from an address.
func from(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, netip.MustParseAddr(address))
}

func addressOf(ctx context.Context) netip.Addr {
	a, _ := ctx.Value(addressKey{}).(netip.Addr)
	return a
}

// Whatever a caller has hashed, it is one share: of passwords known and unknown, and
// of imported secrets.
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
		if n := h.gate.places(); n != 4 {
			t.Errorf("one address holds %d of the 8 places that strangers have", n)
		}
		if _, err := h.VerifySecret(flood, "web", secret, pass); !errors.Is(err, ErrBusy) {
			t.Errorf("a secret from there: %v", err)
		}
		if h.secrets.places() != 0 {
			t.Error("its place among the secrets is lost")
		}
		turn, err := h.Reserve(from(t.Context(), "198.51.100.1"), false)
		if err != nil {
			t.Fatal("somebody elsewhere is sent away: ", err)
		}
		close(held.release)
		if err := turn.VerifyNothing(t.Context(), pass); err != nil {
			t.Error(err)
		}
		turn.Release()
		synctest.Wait()
		if h.gate.places() != 0 || h.secrets.places() != 0 || done.Load() != 4 || busy.Load() != 56 {
			t.Errorf("%d done, %d sent away; %d places are taken, %d of secrets", done.Load(), busy.Load(),
				h.gate.places(), h.secrets.places())
		}
		if ok, err := h.VerifySecret(flood, "web", secret, pass); !ok || err != nil {
			t.Errorf("once the gate is idle: %v, %v", ok, err)
		}
	})
}

// However many networks strangers come from, a browser that the account knows finds a
// place, and its turn comes before the second of any of them.
func TestPlacesAreKeptForBrowsersThatTheAccountKnows(t *testing.T) {
	r, _ := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		held := &heldSwapper{release: make(chan struct{})}
		h := NewHasher(HasherOptions{Ring: r, Concurrent: 2, Queue: 6, Address: addressOf})
		h.swapper = held
		var busy atomic.Int64
		for i := range 100 {
			go func() {
				ctx := from(t.Context(), netip.AddrFrom4([4]byte{10, 0, byte(i), 1}).String())
				if err := h.VerifyNothing(ctx, pass); errors.Is(err, ErrBusy) {
					busy.Add(1)
				}
			}()
		}
		synctest.Wait()
		if busy.Load() != 94 {
			t.Errorf("%d strangers were sent away", busy.Load())
		}
		ctx := from(t.Context(), "198.51.100.1")
		if _, err := h.Reserve(ctx, false); !errors.Is(err, ErrBusy) {
			t.Errorf("one more stranger: %v", err)
		}
		turn, err := h.Reserve(ctx, true)
		if err != nil {
			t.Fatal("a browser that the account knows is sent away: ", err)
		}
		close(held.release)
		if err := turn.VerifyNothing(ctx, pass); err != nil {
			t.Error(err)
		}
		turn.Release()
		synctest.Wait()
	})
}
