// Command latchkey is the provider and the tools to run it.
//
// It owns the process: configuration (config.go), signals and exit codes
// (main.go), the verbs of the command line (root.go and a file each), how the
// rooms are put together (wire.go), what runs on a timer (jobs.go), and how a
// verb reaches the data (connect.go, remote.go):
//
//	latchkey serve      opens the data file and listens: for browsers and apps
//	                    on the configured address, for the verbs below on a
//	                    socket beside the data
//	latchkey user …     }  calls of the API: over that socket while a
//	latchkey client …   }  server runs, in process on the opened file when
//	latchkey setup-link }  none does, over the network if --server names one
//	latchkey doctor     looks at all that must be right around the server
//	latchkey try        is a sample app that shows every step of a login
//
// It does not own any rule: what a verb may do is decided by storage.
//
// Exit codes: 0 done, 1 refused or failed, 2 not understood.
package main
