// Package pagetest lists every page in each of its states, for tests that look
// at all of them: golden files, accessibility, screenshots.
//
// It owns example data only. Nothing but tests imports it.
package pagetest
