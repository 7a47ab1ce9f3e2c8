// Package usecase owns what people do with accounts and apps beyond one operation of the
// store: add a client with its secret, import, set a password, recover an account, make a
// link, rotate keys, write a backup. Pages, the HTTP API and so the command line call
// these operations, and cannot disagree.
//
// Each change takes the Actor who makes it. What needs no keys and no second step is an
// operation of the store itself: see Operations.Store.
//
// It does not own the rules of a record, which are the store's, cryptography, which is
// that of keys, nor any transport: it knows neither HTTP nor pages.
package usecase
