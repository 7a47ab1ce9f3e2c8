package table

import (
	"io"
	"time"

	"latchkey/storage/kv"
)

// DB is what every floor stands on: the engine, the clock and the source of ids.
type DB struct {
	Engine kv.Engine
	Now    func() time.Time
	// Uptime is a clock that is never set.
	Uptime func() time.Duration
	Rand   io.Reader // of ids, safe for concurrent use
	Schema uint64    // of the file; once the store was opened, ours
}
