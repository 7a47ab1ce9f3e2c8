// Package version owns which build this is.
package version
