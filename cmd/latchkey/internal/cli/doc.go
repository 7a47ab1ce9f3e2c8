// Package cli owns the command line: the verbs (root.go and a file each), what they
// print and ask, exit codes, and how a verb reaches the data (connect.go, remote.go):
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
// Exit codes: 0 done, 1 refused or failed, 2 not understood, 78 the configuration is
// not understood.
package cli
