// Package kv is the contract between the store of record and the engine that
// keeps its bytes: ordered keys, serializable transactions, durable commits.
//
// It owns the interfaces, their promises in prose, the errors an engine
// answers, and the few pieces every engine would otherwise write again: the
// buffer of a transaction's writes, the bounds of a range, the way a snapshot
// becomes a file.
//
// It does not know what the bytes mean. Records, indexes, key encodings,
// versions of the schema and every rule belong to package storage. The
// contract suite that each engine must pass is package kvtest.
package kv
