package storage

import (
	"strconv"
	"sync"
	"testing"
)

func TestOfConcurrentReplacementsOfTheKeysOneCounts(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		if set := need(h.Keys.Load(h.ctx))(h); set.Epoch != 0 || set.Canary != nil {
			t.Errorf("%+v", set)
		}
		for old := range uint64(3) {
			var mu sync.Mutex
			seen := make(map[string]int)
			h.atOnce(20, func(i int) string {
				set, err := h.Keys.Replace(h.ctx, old, KeySet{Canary: []byte(strconv.Itoa(i))})
				mu.Lock()
				defer mu.Unlock()
				if err != nil || set.Epoch != old+1 {
					t.Errorf("epoch %d, %v", set.Epoch, err)
				}
				seen[string(set.Canary)]++
				return ""
			})
			stored := need(h.Keys.Load(h.ctx))(h)
			if len(seen) != 1 || seen[string(stored.Canary)] != 20 || stored.Epoch != old+1 {
				t.Errorf("answered %v, stored is %s with epoch %d", seen, stored.Canary, stored.Epoch)
			}
		}
		if n := h.commits(func() { need(h.Keys.Replace(h.ctx, 0, KeySet{}))(h) }); n != 0 {
			t.Errorf("a late replacement cost %d commits", n)
		}
	})
}
