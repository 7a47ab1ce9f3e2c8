package server

import (
	"time"

	"latchkey/storage/store"

	"golang.org/x/sys/unix"
)

// uptimes returns the clock that nobody sets.
func uptimes() func() store.Uptime {
	began := time.Now()
	return func() store.Uptime { return store.Uptime{Awake: time.Since(began), Asleep: asleep()} }
}

// asleep is for how long this machine was asleep since it was switched on: then
// CLOCK_MONOTONIC stands still, and CLOCK_BOOTTIME does not (clock_gettime(2)).
func asleep() time.Duration {
	var awake, all unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}
