package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/textutil"
)

// terminal is what a verb has of the world: its streams, its environment and the
// flags that every verb shares.
type terminal struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string
	configPath     string
	json           bool
	elsewhere      elsewhere
	misread        error // what --help was asked about, and is no verb
}

func (t *terminal) config() (*config.Config, error) {
	c, err := config.Load(t.configPath, t.env)
	if err != nil {
		return nil, configError{err}
	}
	return c, nil
}

// configError says that the configuration was not understood.
type configError struct{ error }

func (e configError) Unwrap() error { return e.error }

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
		fmt.Fprintln(t.stderr, "latchkey: "+textutil.Printable(sentence(strings.TrimRight(line, "\n"))))
	}
	if usage := (usageError{}); errors.As(err, &usage) {
		return exitUsage
	}
	if config := (configError{}); errors.As(err, &config) {
		return exitConfig
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

// note writes a line for a person beside the answer, which may be for a program.
func (t *terminal) note(format string, args ...any) {
	fmt.Fprintf(t.stderr, "latchkey: "+format+"\n", args...)
}

// say writes lines for a person. Texts among args may be anybody's: another machine's
// server says them, too.
func (t *terminal) say(format string, args ...any) {
	for i, a := range args {
		if text, ok := a.(string); ok {
			args[i] = textutil.Printable(text)
		}
	}
	fmt.Fprintf(t.stdout, format+"\n", args...)
}
