package policy_test

import (
	"strconv"
	"sync"
	"testing"

	"latchkey/storage/policy"
	"latchkey/storage/store/storetest"
)

func TestOfConcurrentReplacementsOfTheKeysOneCounts(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		if set := storetest.Need(h.Keys.Load(h.Ctx))(h); set.Epoch != 0 || set.Canary != nil {
			t.Errorf("%+v", set)
		}
		for old := range uint64(3) {
			var mu sync.Mutex
			seen := make(map[string]int)
			h.AtOnce(20, func(i int) string {
				set, err := h.Keys.Replace(h.Ctx, old, policy.KeySet{Canary: []byte(strconv.Itoa(i))})
				mu.Lock()
				defer mu.Unlock()
				if err != nil || set.Epoch != old+1 {
					t.Errorf("epoch %d, %v", set.Epoch, err)
				}
				seen[string(set.Canary)]++
				return ""
			})
			stored := storetest.Need(h.Keys.Load(h.Ctx))(h)
			if len(seen) != 1 || seen[string(stored.Canary)] != 20 || stored.Epoch != old+1 {
				t.Errorf("answered %v, stored is %s with epoch %d", seen, stored.Canary, stored.Epoch)
			}
		}
		if n := h.Commits(func() { storetest.Need(h.Keys.Replace(h.Ctx, 0, policy.KeySet{}))(h) }); n != 0 {
			t.Errorf("a late replacement cost %d commits", n)
		}
	})
}
