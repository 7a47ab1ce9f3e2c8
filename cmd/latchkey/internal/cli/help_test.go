package cli

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

var typeNames = regexp.MustCompile(`stringArray|uint32| int |duration`)

// Help is for people: as wide as a terminal, in words, and each verb of the first page
// is under a heading.
func TestHelpIsReadableInATerminal(t *testing.T) {
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		var out bytes.Buffer
		c.InitDefaultHelpFlag()
		writeHelp(&out, c)
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > helpWidth {
				t.Errorf("%s: %d characters: %s", c.CommandPath(), n, line)
			}
		}
		if name := typeNames.FindString(out.String()); name != "" {
			t.Errorf("%s names a type of Go: %s", c.CommandPath(), name)
		}
		if c.HasParent() && !c.Parent().HasParent() && c.GroupID == "" {
			t.Errorf("%s is under no heading", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				look(sub)
			}
		}
	}
	look(newRoot(&terminal{}))
}

func TestHelpTellsEveryExitCode(t *testing.T) {
	for _, code := range []int{exitDone, exitFailed, exitUsage, exitConfig} {
		if !regexp.MustCompile(`\b` + strconv.Itoa(code) + ` when`).MatchString(exitWords) {
			t.Errorf("%d: %s", code, exitWords)
		}
	}
}

func TestTimesAreSecondsOrLikeDays(t *testing.T) {
	for text, want := range map[string]wholeSeconds{"0": 0, "600": 600, "10m": 600, "7d": 7 * 86400, "1h30m": 5400,
		"4294967295": 4294967295} {
		var n wholeSeconds
		if err := n.Set(text); err != nil || n != want {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"", "-1", "x", "1.5", "1500ms", "4294967296", "65000d", "1e3", "-5m"} {
		var n wholeSeconds
		if err := n.Set(text); err == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
}
