// Package kvtest holds what tests need of an engine: Run, the suite that says
// whether one keeps the contract of package kv; Strict, which makes a closure
// that breaks the contract's rules show it; and All and Keys to look inside.
//
// It owns the properties all engines share. What only one engine can get wrong,
// such as a sync of its file, is tested beside that engine. It is imported by
// tests only.
package kvtest
