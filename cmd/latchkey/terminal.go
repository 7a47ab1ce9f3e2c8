package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// terminal is what a verb has of the world: its streams, its environment and the
// flags that every verb shares.
type terminal struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string
	configPath     string
	json           bool
}

func (t *terminal) config() (*Config, error) { return loadConfig(t.configPath, t.env) }

// usageError says that the command line was not understood.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// exit tells the error, if there is one, and returns the code to leave with.
func (t *terminal) exit(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(t.stderr, "latchkey: "+sentence(strings.TrimRight(line, "\n")))
	}
	if usage := (usageError{}); errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// writeJSON writes v for a program to read.
func (t *terminal) writeJSON(v any) error {
	e := json.NewEncoder(t.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// say writes a line for a person.
func (t *terminal) say(format string, args ...any) {
	fmt.Fprintf(t.stdout, format+"\n", args...)
}

// interactive returns the terminal that standard input is, if it is one.
func (t *terminal) interactive() (*os.File, bool) {
	f, ok := t.stdin.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// confirm asks before something that cannot be undone. Without a terminal to ask
// on, yes must have been given as a flag.
func (t *terminal) confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if _, ok := t.interactive(); !ok {
		return usagef("this cannot be undone: add --yes to do it")
	}
	fmt.Fprintf(t.stderr, "%s [y/N] ", question)
	answer, err := bufio.NewReader(t.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

// passwordMost is the most bytes read of a password.
const passwordMost = 8 << 10

// readPassword takes the password from standard input: the whole of it without
// the line break at its end if piped, else asked for twice without echo.
func (t *terminal) readPassword(piped bool) (string, error) {
	if !piped {
		return t.askPassword()
	}
	text, err := io.ReadAll(io.LimitReader(t.stdin, passwordMost))
	if err != nil {
		return "", fmt.Errorf("standard input could not be read: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if password == "" {
		return "", errors.New("standard input held no password")
	}
	return password, nil
}

func (t *terminal) askPassword() (string, error) {
	f, ok := t.interactive()
	if !ok {
		return "", usagef("there is no terminal to ask on: pipe the password in and add --password-stdin")
	}
	var typed [2]string
	for i, prompt := range []string{"New password: ", "Once more: "} {
		fmt.Fprint(t.stderr, prompt)
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(t.stderr)
		if err != nil {
			return "", err
		}
		typed[i] = string(text)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ: nothing was changed")
	}
	return typed[0], nil
}
