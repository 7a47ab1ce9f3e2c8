// Package e2e tests the product as people and apps meet it: the built binary, its
// command line, a real browser, and client libraries that know nothing of it.
//
// It owns no code of the product; nothing imports it.
package e2e
