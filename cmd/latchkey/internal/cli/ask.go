package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"latchkey/cmd/latchkey/internal/textutil"

	"golang.org/x/term"
)

// interactive returns the terminal that standard input is, if it is one.
func (t *terminal) interactive() (*os.File, bool) {
	f, ok := t.stdin.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// interruptible runs a read that nothing else can end, and leaves it behind when
// ctx ends: a person may answer a question by Ctrl-C.
func interruptible(ctx context.Context, read func() (string, error)) (string, error) {
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	type answer struct {
		text string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		text, err := read()
		answered <- answer{text, err}
	}()
	select {
	case a := <-answered:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// confirm asks before something that cannot be undone, and says where it would be done
// if not on this machine: a variable that was set long ago may say so. Without a terminal
// to ask on, yes must have been given as a flag.
func (t *terminal) confirm(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if _, ok := t.interactive(); !ok {
		return usagef("this cannot be undone: add --yes to do it")
	}
	if t.elsewhere.server != "" {
		question = "At " + t.elsewhere.server + ": " + question
	}
	fmt.Fprintf(t.stderr, "%s [y/N] ", textutil.Printable(question))
	answer, err := interruptible(ctx, func() (string, error) { return bufio.NewReader(t.stdin).ReadString('\n') })
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
// the line break at its end if piped, else, or where a person sits at it, asked for
// twice without echo.
func (t *terminal) readPassword(ctx context.Context, piped bool) (string, error) {
	if _, person := t.interactive(); person || !piped {
		return t.askPassword(ctx)
	}
	text, err := interruptible(ctx, func() (string, error) {
		text, err := io.ReadAll(io.LimitReader(t.stdin, passwordMost))
		return string(text), err
	})
	if err != nil {
		return "", fmt.Errorf("standard input could not be read: %w", err)
	}
	text = string(textutil.WithoutMark([]byte(text)))
	password := strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	switch {
	case password == "":
		return "", errors.New("standard input held no password")
	case !utf8.ValidString(password):
		return "", errors.New("the password on standard input is not UTF-8")
	}
	return password, nil
}

func (t *terminal) askPassword(ctx context.Context) (string, error) {
	f, ok := t.interactive()
	if !ok {
		return "", usagef("there is no terminal to ask on: pipe the password in and add --password-stdin")
	}
	first, err := t.typed(ctx, f, "New password: ")
	if err != nil {
		return "", err
	}
	second, err := t.typed(ctx, f, "Once more: ")
	if err != nil {
		return "", err
	}
	if !utf8.ValidString(first) {
		return "", errors.New("the password is not UTF-8: see what this terminal is set to")
	}
	if first != second {
		return "", errors.New("the two passwords differ: nothing was changed")
	}
	return first, nil
}

// typed reads a line without showing it.
func (t *terminal) typed(ctx context.Context, f *os.File, prompt string) (string, error) {
	fd := int(f.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(t.stderr, prompt)
	defer fmt.Fprintln(t.stderr)
	text, err := interruptible(ctx, func() (string, error) {
		text, err := term.ReadPassword(fd)
		return string(text), err
	})
	if ctx.Err() != nil { // the read is left behind, and would leave the terminal mute
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
	return text, err
}
