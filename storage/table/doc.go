// Package table owns how records lie in the engine: the key space, keys that sort as
// their parts, records with a version and a checksum, indexes that are kept in step, what
// is kept of decoded records, and the generic parts of checking, sweeping and importing.
//
// A Table[T] is declared once, by the package of its noun; nothing here knows a noun,
// except that the spaces of all of them are numbered in one list.
package table
