// Package memory is an engine that keeps everything in memory and nothing
// after Close. It serves tests and demonstrations.
//
// It is optimistic: closures run at the same time on their callers'
// goroutines, each over a snapshot, and an answer counts only if everything
// the closure read is still so when it commits. Otherwise the closure runs
// again. It thereby shows mistakes that an engine with a single writer hides,
// and Options.Conflict makes it show them on demand.
//
// It owns the snapshots and their validation. It does not own what the
// contract says, see package kv, nor durability.
package memory
