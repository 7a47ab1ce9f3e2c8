package kvtest

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"latchkey/storage/kv"
)

const (
	racers = 8
	rounds = 25
)

var races = []property{
	{"no increment is lost", func(t *testing.T, e kv.Engine) {
		together(t, racers, func(ctx context.Context, _ int) error {
			for range rounds {
				if err := e.Update(ctx, func(tx kv.Txn) error { return add(tx, "n", 1) }); err != nil {
					return err
				}
			}
			return nil
		})
		wantValue(t, e, "n", strconv.Itoa(racers*rounds))
	}},
	{"of many who take an absent key one gets it", func(t *testing.T, e kv.Engine) {
		for round := range rounds {
			key := fmt.Sprint("key", round)
			var won atomic.Int32
			together(t, racers, func(ctx context.Context, i int) error {
				mine, err := kv.Update(ctx, e, func(tx kv.Txn) (bool, error) {
					if _, taken, err := tx.Get([]byte(key)); taken || err != nil {
						return false, err
					}
					return true, tx.Put([]byte(key), nil)
				})
				if mine {
					won.Add(1)
				}
				return err
			})
			if won.Load() != 1 {
				t.Fatalf("%d of %d got the same key", won.Load(), racers)
			}
		}
	}},
	{"two that each rely on the other's key do not both go through", writeSkew},
	{"a range found short does not grow past its bound", phantoms},
	{"a view is one snapshot", oneSnapshot},
	{"a view begun after an update sees it", func(t *testing.T, e kv.Engine) {
		together(t, racers, func(ctx context.Context, i int) error {
			key := fmt.Sprint(i)
			for n := range rounds {
				want := strconv.Itoa(n)
				err := e.Update(ctx, func(tx kv.Txn) error { return tx.Put([]byte(key), []byte(want)) })
				if err != nil {
					return err
				}
				got, err := kv.View(ctx, e, func(r kv.Reader) (string, error) {
					value, _, err := read(r, key)
					return value, err
				})
				if got != want || err != nil {
					return fmt.Errorf("read %q, %v after writing %q", got, err, want)
				}
			}
			return nil
		})
	}},
}

// add changes a number kept as text; an absent key is zero.
func add(tx kv.Txn, key string, by int) error {
	n, err := number(tx, key)
	if err != nil {
		return err
	}
	return tx.Put([]byte(key), strconv.AppendInt(nil, int64(n+by), 10))
}

func number(r kv.Reader, key string) (int, error) {
	value, ok, err := read(r, key)
	if !ok || err != nil {
		return 0, err
	}
	return strconv.Atoi(value)
}

func writeSkew(t *testing.T, e kv.Engine) {
	for range rounds {
		put(t, e, "0", "on duty", "1", "on duty")
		together(t, 2, func(ctx context.Context, i int) error {
			me, other := strconv.Itoa(i), strconv.Itoa(1-i)
			return e.Update(ctx, func(tx kv.Txn) error {
				if _, onDuty, err := read(tx, other); !onDuty || err != nil {
					return err
				}
				return tx.Delete([]byte(me))
			})
		})
		wantCount(t, e, 1)
	}
}

func phantoms(t *testing.T, e kv.Engine) {
	const bound = 5
	for round := range rounds {
		prefix := fmt.Appendf(nil, "%d/", round)
		reverse := round%2 == 0
		together(t, racers, func(ctx context.Context, i int) error {
			return e.Update(ctx, func(tx kv.Txn) error {
				page, err := tx.Scan(kv.Range{Prefix: prefix, Reverse: reverse, Limit: bound})
				if len(page) == bound || err != nil {
					return err
				}
				return tx.Put(fmt.Appendf(nil, "%s%d", prefix, i), nil)
			})
		})
	}
	wantCount(t, e, rounds*bound)
}

func oneSnapshot(t *testing.T, e kv.Engine) {
	const accounts = 10
	move := func(tx kv.Txn, from, to int) error {
		if err := add(tx, fmt.Sprint(from), -1); err != nil {
			return err
		}
		return add(tx, fmt.Sprint(to), 1)
	}
	sum := func(r kv.Reader) (total int, err error) {
		for i := range accounts {
			n, err := number(r, fmt.Sprint(i))
			if err != nil {
				return 0, err
			}
			total += n
		}
		return total, nil
	}
	together(t, racers, func(ctx context.Context, i int) error {
		for n := range rounds {
			if i%2 == 0 {
				err := e.Update(ctx, func(tx kv.Txn) error { return move(tx, (i+n)%accounts, n*3%accounts) })
				if err != nil {
					return err
				}
				continue
			}
			if total, err := kv.View(ctx, e, sum); total != 0 || err != nil {
				return fmt.Errorf("a View saw a sum of %d, %v, want 0", total, err)
			}
		}
		return nil
	})
}
