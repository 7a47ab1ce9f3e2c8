// Package bolt is the engine that keeps everything in one bbolt file.
//
// It owns durability: the writer that commits many transactions with one sync,
// the file's lock and its opening after a crash, stopping when a commit fails,
// and hot snapshots. What the engine promises is written in package kv.
//
// It does not know what keys and values mean, and offers nothing of bbolt: one
// bucket holds all keys.
//
// # How a write becomes durable
//
// One goroutine writes. It takes what waits, without waiting for more, and runs
// the closures one after the other over the last committed state and a buffer
// of their writes. One commit then writes the buffer, and only after its sync
// is anyone answered. An idle writer thereby commits at once, and a busy one
// fills its next commit while the last one syncs. Running closures on their
// callers instead gains little and loses greatly where many want the same key.
package bolt
