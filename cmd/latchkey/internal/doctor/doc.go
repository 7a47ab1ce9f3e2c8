// Package doctor owns the checks of all that must be right around the server:
// configuration, files, clock, disk, certificate, and what apps and browsers see of it.
// It changes nothing.
package doctor
