// Package certtest owns the certification authorities of tests: made anew for
// each, trusted by nobody who was not handed its file.
//
// It does not know who is certified, nor who is to trust. Nothing but tests
// imports it.
package certtest
