// Package client owns the Go client of the HTTP API: one method for each operation, over a
// network, over any other connection, or of a handler in the same process.
//
// It does not own the shapes of what it sends and receives, which are in package wire.
package client
