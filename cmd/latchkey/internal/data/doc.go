// Package data owns the opened data of one installation: the engine, the store and the
// keys, with the master key in its file. It makes them at the first start, and refuses
// to make them again where they were lost.
package data
