// Package wire owns the names and shapes of what the HTTP API takes and answers: users,
// clients, resources, keys and problems as JSON. The API and its Go client both use it.
//
// It does not own any rule, nor how a request travels.
package wire
