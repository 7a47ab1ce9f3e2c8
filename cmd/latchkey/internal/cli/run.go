package cli

import (
	"context"
	"io"
	_ "time/tzdata" // whether a zoneinfo is one shall not depend on the machine
	"unicode/utf8"
)

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

// checkArguments refuses arguments that are not UTF-8.
func checkArguments(args []string) error {
	for i, a := range args {
		if !utf8.ValidString(a) {
			return usagef("argument %d is not UTF-8: see the language settings of this terminal (LANG)", i+1)
		}
	}
	return nil
}
