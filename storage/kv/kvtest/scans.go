package kvtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey/storage/kv"
)

var scans = []property{
	{"a scan returns the range in order", func(t *testing.T, e kv.Engine) {
		put(t, e, "a", "", "b", "", "b1", "", "b2", "", "b\xff\xff", "", "c", "", "\xff", "", "\xff\xff1", "")
		for _, c := range []struct {
			r    kv.Range
			want string
		}{
			{kv.Range{Limit: 3}, "a b b1"},
			{kv.Range{Limit: 2, Reverse: true}, "\xff\xff1 \xff"},
			{kv.Range{Prefix: []byte("b"), Limit: 9}, "b b1 b2 b\xff\xff"},
			{kv.Range{Prefix: []byte("b"), Limit: 9, Reverse: true}, "b\xff\xff b2 b1 b"},
			{kv.Range{Prefix: []byte("b"), After: []byte("b1"), Limit: 9}, "b2 b\xff\xff"},
			{kv.Range{Prefix: []byte("b"), After: []byte("b2"), Limit: 9, Reverse: true}, "b1 b"},
			{kv.Range{Prefix: []byte("b"), After: []byte("b11"), Limit: 1}, "b2"},
			{kv.Range{Prefix: []byte("b"), After: []byte("a"), Limit: 1}, "b"},
			{kv.Range{Prefix: []byte("b"), After: []byte("c"), Limit: 9}, ""},
			{kv.Range{Prefix: []byte("b"), After: []byte("c"), Limit: 1, Reverse: true}, "b\xff\xff"},
			{kv.Range{Prefix: []byte("b"), After: []byte("a"), Limit: 9, Reverse: true}, ""},
			{kv.Range{Prefix: []byte("\xff"), Limit: 9}, "\xff \xff\xff1"},
			{kv.Range{Prefix: []byte("\xff\xff"), Limit: 9, Reverse: true}, "\xff\xff1"},
			{kv.Range{Prefix: []byte("nothing"), Limit: 9}, ""},
			{kv.Range{After: []byte("\xff\xff1"), Limit: 9}, ""},
			{kv.Range{After: []byte("a"), Limit: 9, Reverse: true}, ""},
		} {
			if got := scan(t, e, c.r); got != c.want {
				t.Errorf("%s found %q, want %q", show(c.r), got, c.want)
			}
		}
	}},
	{"pages join without gap or repetition", pagesJoin},
	{"a scan without a sensible limit is refused", func(t *testing.T, e kv.Engine) {
		for _, limit := range []int{0, -1, kv.MaxPage + 1} {
			r := kv.Range{Limit: limit}
			scan := func(reader kv.Reader) error { _, err := reader.Scan(r); return err }
			if err := e.View(t.Context(), scan); !errors.Is(err, kv.ErrLimit) {
				t.Errorf("View with limit %d: %v, want ErrLimit", limit, err)
			}
			err := e.Update(t.Context(), func(tx kv.Txn) error { return scan(tx) })
			if !errors.Is(err, kv.ErrLimit) {
				t.Errorf("Update with limit %d: %v, want ErrLimit", limit, err)
			}
		}
	}},
	{"an empty store has no pages", func(t *testing.T, e kv.Engine) {
		for _, reverse := range []bool{false, true} {
			if got := scan(t, e, kv.Range{Limit: 1, Reverse: reverse}); got != "" {
				t.Errorf("found %q", got)
			}
		}
	}},
}

// scan returns the keys found, and checks that View and Update agree.
func scan(t *testing.T, e kv.Engine, r kv.Range) string {
	t.Helper()
	keys := func(reader kv.Reader) (string, error) {
		page, err := reader.Scan(r)
		var keys []string
		for _, p := range page {
			keys = append(keys, string(p.Key))
		}
		return strings.Join(keys, " "), err
	}
	viewed, err := kv.View(t.Context(), e, keys)
	must(t, err)
	updated, err := kv.Update(t.Context(), e, func(tx kv.Txn) (string, error) { return keys(tx) })
	must(t, err)
	if viewed != updated {
		t.Errorf("%s found %q in a View and %q in an Update", show(r), viewed, updated)
	}
	return viewed
}

func pagesJoin(t *testing.T, e kv.Engine) {
	const n = 3 * kv.MaxPage
	var want []string
	must(t, e.Update(t.Context(), func(tx kv.Txn) error {
		want = nil
		for i := range n {
			want = append(want, fmt.Sprintf("k%06d", i))
			if err := tx.Put([]byte(want[i]), make([]byte, 100)); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, reverse := range []bool{false, true} {
		for _, limit := range []int{7, 999, kv.MaxPage} {
			got := strings.Fields(readPages(t, e, limit, reverse))
			if !slices.Equal(got, want) {
				t.Errorf("pages of %d, reverse %v: %d keys, not the %d expected", limit, reverse, len(got), n)
			}
		}
		slices.Reverse(want)
	}
}

func readPages(t *testing.T, e kv.Engine, limit int, reverse bool) string {
	keys, err := kv.View(t.Context(), e, func(r kv.Reader) (string, error) {
		var keys strings.Builder
		next := kv.Range{Prefix: []byte("k"), Limit: limit, Reverse: reverse}
		for {
			page, err := r.Scan(next)
			for _, p := range page {
				keys.WriteString(string(p.Key) + " ")
				next.After = p.Key
			}
			if err != nil || len(page) < limit {
				return keys.String(), err
			}
		}
	})
	must(t, err)
	return keys
}
