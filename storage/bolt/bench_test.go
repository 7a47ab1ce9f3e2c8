package bolt

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"latchkey/storage/kv"
)

// BenchmarkCommit measures durable updates of one 300-byte value each. Run it
// where the data will be: it is the disk's sync that is measured first of all.
func BenchmarkCommit(b *testing.B) {
	for _, order := range []struct {
		name string
		key  func(i uint64) []byte
	}{
		{"ordered", func(i uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 8), i) }},
		{"random", func(i uint64) []byte {
			sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
			return sum[:16]
		}},
	} {
		for _, callers := range []int{1, 64, 256} {
			b.Run(fmt.Sprintf("%s/%d", order.name, callers), func(b *testing.B) {
				e := openNew(b)
				value := make([]byte, 300)
				spread(b, callers, func(i uint64) error {
					key := order.key(i)
					return e.Update(context.Background(), func(tx kv.Txn) error { return tx.Put(key, value) })
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
				b.ReportMetric(float64(b.N)/float64(e.Commits()), "updates/commit")
			})
		}
	}
}

// BenchmarkGet measures a View of one key, alone and while a writer commits.
func BenchmarkGet(b *testing.B) {
	for _, writing := range []bool{false, true} {
		b.Run(fmt.Sprintf("writing=%v", writing), func(b *testing.B) {
			e := openNew(b)
			must(b, write(b.Context(), e, "key", string(make([]byte, 300))))
			ctx, stop := context.WithCancel(context.Background())
			var writer sync.WaitGroup
			if writing {
				writer.Go(func() {
					for ctx.Err() == nil {
						write(context.Background(), e, "other", "value")
					}
				})
			}
			spread(b, 64, func(uint64) error {
				return e.View(context.Background(), func(r kv.Reader) error {
					_, _, err := r.Get([]byte("key"))
					return err
				})
			})
			stop()
			writer.Wait()
		})
	}
}

// spread calls fn b.N times from so many goroutines.
func spread(b *testing.B, callers int, fn func(i uint64) error) {
	var next atomic.Uint64
	var group sync.WaitGroup
	b.ResetTimer()
	for range callers {
		group.Go(func() {
			for i := next.Add(1); i <= uint64(b.N); i = next.Add(1) {
				if err := fn(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
}
