// Command latchkey is the provider and the tools to run it. It owns
// the process and its signals. All else is in the packages below internal, and cli.Run
// is the whole program:
//
//	config     what the file and the environment say, checked
//	telemetry  log, metrics, traces
//	data       opens the data: engine, store and keys
//	server     puts the rooms together, listens, runs jobs
//	doctor     looks at all that must be right around the server
//	cli        the verbs of the command line
//	socket     the command line's way to a running server
//	remote     a verb's way to a server on another machine
//	try        a sample app that shows every step of a login
//	textutil   reads and writes small texts, for all of them
//	version    which build this is
package main
