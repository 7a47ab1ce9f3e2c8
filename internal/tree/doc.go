// Package tree owns the rules about the shape of this repository: which package
// may import which and why, that each says what it owns, that the README's map
// is true, and that no file speaks of the machine it was written on.
//
// It holds tests alone, and they read the files as they lie; it does not know
// what any of the code does. Rules are rows of a table, each with its reason:
// whoever breaks one is told why it stands, and may then argue with the reason.
package tree
