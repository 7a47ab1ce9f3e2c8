// Package edge is the HTTP edge that every room of Latchkey shares.
//
// It owns what is true of each exchange whatever it is about: that it gets an
// answer (a panic becomes a 500 and never a dropped connection), that it has a
// request id, that exactly one log record tells its story, whose address it
// came from when proxies stand in between, how large it may be, how much memory
// those under way hold together, and the headers every answer carries.
//
// It does not own any rule about who may do what, what an error looks like on
// a page (see [Options.Fail]), throttling, or the routes themselves. Of the other
// rooms it imports internal/limit alone.
//
// # The layers
//
// A request passes, from the outside in:
//
//	net/http      header bytes and timeouts            server.go
//	record        request id, client address, log      edge.go, record.go
//	recovery      a panic becomes a 500                recover.go
//	guard         https only, sizes, path, base headers limits.go, held.go, headers.go, router.go
//	router        404, 405 and the route's template    router.go
//	handlers      fill the record: [ClientID], [Sub], [Fail], [Note]; and [Count]
//
// What is measured goes to an [Observer], and what a trace is made of to a [Tracer].
// Both know nothing that was sent.
//
// # What the log never holds
//
// Tokens, codes, secrets, passwords, cookies and one-time links stay out of
// the log at every level. The edge never logs headers, bodies, query strings or
// redirect targets; one-time links therefore carry their token in the query. Of
// a path it logs the route's template, and the path itself with every segment
// that could be a secret taken out. Texts of errors and panics pass through the
// same sieve. The sieve (scrub.go) is a net under the handlers, not a licence:
// what a handler adds to the record is its own choice, so it adds identifiers
// it has looked up, never bytes it was sent.
//
// net/http answers by itself, without a record, what it cannot parse as HTTP
// or what exceeds the header limit (400 and 431).
package edge
