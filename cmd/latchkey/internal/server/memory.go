package server

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"
)

// idleHeap is how many bytes of heap an idle server may keep.
const idleHeap = 16 << 20

// memory gives back to the system what nobody needs any more. Each password hashed
// leaves 19 MiB behind, and where nobody asks for anything the runtime, which collects
// when it is asked for more, keeps them.
type memory struct {
	collections uint32 // that there had been at the last tick
}

// tick gives memory back if nothing was collected since the last one: a busy server
// needs it again at once.
func (m *memory) tick(context.Context, time.Time) error {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	if now.NumGC == m.collections && now.HeapInuse+now.HeapIdle-now.HeapReleased > idleHeap {
		debug.FreeOSMemory()
	}
	m.collections = now.NumGC
	return nil
}
