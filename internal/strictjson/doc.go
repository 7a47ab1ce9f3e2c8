// Package strictjson reads JSON that others sent, without repairing it. The standard
// library replaces bytes that are not UTF-8 and lone surrogate escapes, so that two
// passwords become one, takes the last of two members of one name, and takes "ROLES"
// for "roles".
//
// It owns those rules (RFC 8259 sections 4, 7 and 8.1; RFC 7515 section 4 and RFC 7519
// section 4 demand unique names). Decoding is the standard library's. What Latchkey
// wrote itself needs none of this.
package strictjson
