// Package clientauth owns how clients and APIs prove who they are: secrets in the header or
// the body, client assertions with the keys that they are verified by, and what a wrong
// secret costs (RFC 6749 section 2.3, RFC 7523).
package clientauth
