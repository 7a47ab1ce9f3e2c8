package kvtest

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"latchkey/storage/kv"
)

var model = []property{
	{"an engine is a sorted map with transactions", func(t *testing.T, e kv.Engine) {
		rapid.Check(t, func(rt *rapid.T) { follow(t, rt, e) })
	}},
}

// follow runs random transactions on the engine and on a map, from empty.
func follow(t *testing.T, rt *rapid.T, e kv.Engine) {
	empty(t, e)
	committed := map[string]string{}
	for range rapid.IntRange(1, 6).Draw(rt, "transactions") {
		steps := rapid.SliceOfN(drawStep, 1, 25).Draw(rt, "steps")
		fails := rapid.IntRange(0, 3).Draw(rt, "fails") == 0
		// What a run finds leaves as its result: assertions within a closure
		// would end the writer's goroutine instead of the test's.
		after, err := kv.Update(t.Context(), e, func(tx kv.Txn) (run, error) {
			m := run{now: maps.Clone(committed)}
			for _, s := range steps {
				s.do(tx, &m)
			}
			if fails && m.wrong == "" {
				return m, errBoom
			}
			return m, nil
		})
		if after.wrong != "" {
			rt.Fatal(after.wrong)
		}
		if (err == errBoom) != fails || (err != nil && !fails) {
			rt.Fatalf("Update answered %v, the closure failed: %v", err, fails)
		}
		if !fails {
			committed = after.now
		}
		seen, err := kv.View(t.Context(), e, func(r kv.Reader) (run, error) {
			m := run{now: committed}
			for _, s := range steps {
				s.look(r, &m)
			}
			return m, nil
		})
		if err != nil || seen.wrong != "" {
			rt.Fatal(err, seen.wrong)
		}
	}
}

// empty deletes everything.
func empty(t *testing.T, e kv.Engine) {
	all, err := All(t.Context(), e)
	must(t, err)
	must(t, e.Update(t.Context(), func(tx kv.Txn) error {
		for _, p := range all {
			if err := tx.Delete(p.Key); err != nil {
				return err
			}
		}
		return nil
	}))
}

// expect is the page a range has in a map.
func expect(m map[string]string, r kv.Range) (page []kv.Pair) {
	keys := slices.Sorted(maps.Keys(m))
	if r.Reverse {
		slices.Reverse(keys)
	}
	for _, k := range keys {
		beyond := bytes.Compare([]byte(k), r.After)
		if r.Reverse {
			beyond = -beyond
		}
		if bytes.HasPrefix([]byte(k), r.Prefix) && (len(r.After) == 0 || beyond > 0) && len(page) < r.Limit {
			page = append(page, kv.Pair{Key: []byte(k), Value: []byte(m[k])})
		}
	}
	return page
}
