// Package textutil owns small texts: how instants, sizes and lengths of time are written
// and read, what a terminal is safe to show, and which known word was likely meant.
package textutil
