package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // whether a zoneinfo is one shall not depend on the machine
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		ends = append(ends, syscall.SIGHUP) // the terminal is gone
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	// The first signal asks for a graceful stop; from then on signals act as
	// they do by default, so that a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitConfig = 78 // EX_CONFIG of sysexits.h: to try again changes nothing
)

// Run is the whole program: it does what args say and returns the exit code.
// Ending ctx stops it.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	t := &terminal{stdin: stdin, stdout: stdout, stderr: stderr, env: env}
	root := newRoot(t)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := checkArguments(args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		err = t.misread
	}
	return t.exit(err)
}
