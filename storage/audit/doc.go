// Package audit owns the audit trail: what was done, by whom, to what, and which fields
// it changed. An event is prepared before the transaction (Note) and written in it.
package audit
