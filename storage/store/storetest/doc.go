// Package storetest owns what tests of the store share: a store over an engine that
// finds closures with side effects, a clock that is set by hand, and short ways to make
// users, clients, sessions and grants.
package storetest
