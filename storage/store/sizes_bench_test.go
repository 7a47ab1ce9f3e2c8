package store_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"latchkey/storage/grants"
	"latchkey/storage/table"
)

// How many use grants at once, and how often product and floor take turns. Of how many
// grants files are looked at, LATCHKEY_BENCH_GRANTS says, separated by commas.
const (
	sizeCallers = 64
	sizeTurns   = 10
	sizeGrants  = "1000,100000"
)

// BenchmarkSizes measures what grants are used for, a refresh and a code flow, in files
// of several sizes, each against the floor of the same file in the same run: an update
// that reads the same keys and writes the same bytes, and decodes and decides nothing.
// Grants and users are picked at random, so most records are not in memory decoded.
// %-of-floor compares throughput, %-of-floor-cpu the processor time of the process, both
// by turns; µs is the time between two answers. It needs 1.2 GB of disk where TMPDIR is
// for each million grants.
func BenchmarkSizes(b *testing.B) {
	for text := range strings.SplitSeq(cmp.Or(os.Getenv("LATCHKEY_BENCH_GRANTS"), sizeGrants), ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			h := newSizeHouse(b, n)
			b.Run("refresh", func(b *testing.B) { againstFloor(b, h.refresh, h.refreshFloor) })
			b.Run("code", func(b *testing.B) { againstFloor(b, h.code, h.codeFloor) })
		})
	}
}

func againstFloor(b *testing.B, product, floor func(caller int) error) {
	var took, owed spent
	for range sizeTurns {
		owed.add(turn(b, floor))
		took.add(turn(b, product))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took.wall.Microseconds())/float64(took.n), "µs")
	b.ReportMetric(100*float64(owed.wall)/float64(took.wall), "%-of-floor")
	b.ReportMetric(100*float64(owed.cpu)/float64(took.cpu), "%-of-floor-cpu")
}

// spent is what so many uses took.
type spent struct {
	n         int64
	wall, cpu time.Duration
}

func (s *spent) add(o spent) { s.n, s.wall, s.cpu = s.n+o.n, s.wall+o.wall, s.cpu+o.cpu }

func turn(b *testing.B, use func(caller int) error) spent {
	n := int64(b.N/sizeTurns + 1)
	begin, before := time.Now(), processorTime()
	var next atomic.Int64
	var group sync.WaitGroup
	for caller := range sizeCallers {
		group.Go(func() {
			for next.Add(1) <= n {
				if err := use(caller); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	return spent{n: n, wall: time.Since(begin), cpu: processorTime() - before}
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// own is one of n that no other caller picks, if each has that many.
func own(caller, n int) int { return rand.IntN(n/sizeCallers)*sizeCallers + caller }

func (h *sizeHouse) refresh(caller int) error {
	i := own(caller, len(h.grants))
	out, err := h.store.Grants.Refresh(context.Background(),
		grants.Refresh{Grant: h.grants[i], Generation: h.generations[i], ClientUID: h.client.UID})
	if err == nil && out.Access == nil {
		panic(out.Refused)
	}
	h.generations[i] = out.Generation
	return err
}

func (h *sizeHouse) code(caller int) error {
	ctx, u := context.Background(), h.users[own(caller, len(h.users))]
	g := h.newGrant(h.store.Grants.NewID(), u)
	if _, err := h.store.Grants.Create(ctx, grants.NewGrant{Grant: g, ClientRevision: h.client.Revision}); err != nil {
		return err
	}
	out, err := h.store.Grants.Redeem(ctx, grants.Redemption{Grant: g.ID, CodeHash: g.CodeHash, ClientUID: h.client.UID,
		RedirectURI: g.RedirectURI, Challenge: g.CodeChallenge})
	if err == nil && out.Access == nil {
		panic(out.Refused)
	}
	return err
}

// refreshFloor writes an old grant's state. Which user's is all the same.
func (h *sizeHouse) refreshFloor(caller int) error {
	id, u := h.grants[own(caller, len(h.grants))], h.users[own(caller, len(h.users))]
	return h.owe(h.rests(u), id, nil)
}

// codeFloor writes a new grant, and then its state again.
func (h *sizeHouse) codeFloor(caller int) error {
	u, id := h.users[own(caller, len(h.users))], h.store.Grants.NewID()
	g, reads := h.newGrant(id, u), append(h.rests(u), h.store.Floors.People.Sessions.FullKey(table.Key{}.ID(u.session)))
	if err := h.owe(reads, id, table.Must(table.Encode(&g))); err != nil {
		return err
	}
	return h.owe(reads, id, nil)
}
