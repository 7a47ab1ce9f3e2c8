//go:build !linux

package server

import (
	"time"

	"latchkey/storage/store"
)

// uptimes returns the clock that nobody sets. How long the machine was asleep it does not
// know, so that each sleep is taken for a jump of the wall clock.
func uptimes() func() store.Uptime {
	began := time.Now()
	return func() store.Uptime { return store.Uptime{Awake: time.Since(began)} }
}
