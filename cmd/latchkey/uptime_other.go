//go:build !linux

package main

import (
	"time"

	"latchkey/storage"
)

// uptimes returns the clock that nobody sets. How long the machine was asleep it does not
// know, so that each sleep is taken for a jump of the wall clock.
func uptimes() func() storage.Uptime {
	began := time.Now()
	return func() storage.Uptime { return storage.Uptime{Awake: time.Since(began)} }
}
