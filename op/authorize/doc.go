// Package authorize owns the authorization endpoint and the flow that it begins: a request
// is parsed once, every step returns what it came to, and one place writes it. Evaluate
// decides what is missing, and is a pure function.
package authorize
