// Package browser drives a real Chromium in tests: it owns the browser
// process, its cookie jars and tabs, and what a test may ask of a page.
//
// It does not know any page of Latchkey, any route or any selector; those
// belong to the tests that use it. Nothing but tests imports it.
//
// A test opens a tab and walks through pages as a person would:
//
//	func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }
//
//	func TestSignIn(t *testing.T) {
//		tab := browser.New(t, browser.Options{Width: 360})
//		tab.Goto(issuer)
//		tab.Fill("#username", "ada")
//		tab.Fill("#password", "correct horse battery")
//		tab.Follow("#sign-in")
//		tab.Axe(t)
//	}
//
// New gives each test a cookie jar of its own, so "another browser" is another
// New; NewTab opens a tab on the same jar. Main lets the tests of one binary
// share one browser process; without it each New starts its own.
//
// Every helper waits for what it needs, up to a deadline, and fails the test
// with what it saw when the deadline passes; there is nothing to sleep for.
// Console errors, failed subresources and Content Security Policy violations
// fail the test at its end, unless it takes them with Problems.
//
// The browser resolves no names but localhost and *.test (both are loopback),
// so a page that loads anything from elsewhere fails its test, and a client at
// app.test is cross-site to a provider at localhost.
package browser
