package kvtest

import (
	"context"
	"testing"

	"latchkey/storage/kv"
)

// Run tests every promise of package kv on engines that open returns. Each
// engine must be empty, and open arranges for it to be closed when t ends.
func Run(t *testing.T, open func(t *testing.T) kv.Engine) {
	for _, group := range [][]property{
		basics, scans, limits, races, failures, calls, snapshots, model,
	} {
		for _, p := range group {
			t.Run(p.name, func(t *testing.T) { p.test(t, open(t)) })
		}
	}
}

// property is named by the sentence that must hold.
type property struct {
	name string
	test func(t *testing.T, e kv.Engine)
}

// All returns copies of every pair, in key order.
func All(ctx context.Context, e kv.Engine) ([]kv.Pair, error) {
	return kv.View(ctx, e, func(r kv.Reader) (all []kv.Pair, err error) {
		var after []byte
		for {
			page, err := r.Scan(kv.Range{After: after, Limit: kv.MaxPage})
			if err != nil {
				return nil, err
			}
			for _, p := range page {
				all = append(all, kv.Pair{Key: clone(p.Key), Value: clone(p.Value)})
			}
			if len(page) < kv.MaxPage {
				return all, nil
			}
			after = page[len(page)-1].Key
		}
	})
}

// Keys counts the keys.
func Keys(ctx context.Context, e kv.Engine) (int, error) {
	all, err := All(ctx, e)
	return len(all), err
}

// clone never returns nil, so that present values stay distinct from none.
func clone(b []byte) []byte { return append([]byte{}, b...) }
