// Package store owns the store as a whole: it opens an engine, makes the tables and
// nouns of the packages below over it, and walks over everything (Check, the Sweeper).
package store
