// Package server owns how the rooms are put together (wire.go), the listeners, what runs
// on a timer (jobs.go), and what is told to the service manager. It decides no rule.
package server
