package server

import (
	"runtime"
	"testing"
	"time"
)

func TestAnIdleServerGivesMemoryBack(t *testing.T) {
	held := func() uint64 {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		return now.HeapInuse + now.HeapIdle - now.HeapReleased
	}
	const left = 128 << 20
	hashed := make([]byte, left)
	for i := range hashed {
		hashed[i] = 1
	}
	before, m := held(), &memory{}
	for range 5 { // at the first it does not know yet that nothing happens; a collection may come between
		if err := m.tick(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if now := held(); before < left || now > before-left/2 {
		t.Errorf("%d bytes before, %d after", before, now)
	}
}
