// Package socket owns the unix socket beside the data, over which the command line reaches
// the running server: its path, who may speak on it, and whose the data is.
//
// It does not own what is said on it, which is the HTTP API.
package socket
