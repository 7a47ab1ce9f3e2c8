package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"latchkey/cmd/latchkey/internal/textutil"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how wide help is, in characters: as wide as the narrowest terminal.
const helpWidth = 80

// verbGroups are the verbs by what people come for.
var verbGroups = []struct{ title, verbs string }{
	{"To begin:", "serve setup-link try doctor version help"},
	{"People and apps:", "user group client resource"},
	{"Rules and records:", "setting key audit"},
	{"The data:", "backup restore check compact"},
}

const exitWords = `What a verb says to programs it says with --json. The exit code is 0 when it is done, 1 when it failed or found something wrong, 2 when the command line was not understood, and 78 when the configuration was not.`

// addHelp gives the tree of verbs its help, in one voice.
func addHelp(t *terminal, root *cobra.Command) {
	for _, g := range verbGroups {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title})
		for _, c := range root.Commands() {
			if strings.Contains(" "+g.verbs+" ", " "+c.Name()+" ") {
				c.GroupID = g.title
			}
		}
	}
	root.SetHelpCommand(&cobra.Command{Use: "help [COMMAND]", Short: "Say more about a command",
		GroupID: verbGroups[0].title,
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil {
				return usagef("%w", err)
			}
			if len(rest) > 0 {
				return notUnderstood(about, rest[0])
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		}})
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		// A word that is no verb is told of, even beside --help: the help of another
		// command would not answer.
		if words := c.Flags().Args(); c.HasSubCommands() && len(words) > 0 {
			t.misread = notUnderstood(c, words[0])
			return
		}
		writeHelp(c.OutOrStdout(), c)
	})
}

// notUnderstood names the verb, or the flag, that was likely meant.
func notUnderstood(c *cobra.Command, word string) error {
	if !c.HasSubCommands() {
		return usagef("%q is one word too many: see %s --help", word, c.CommandPath())
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return usagef("%q is not a command of %s%s", word, c.CommandPath(),
		cmp.Or(textutil.Hint("; the nearest one is %q", word, names), ": see "+c.CommandPath()+" --help"))
}

// flagError says in words what is wrong with a flag.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bad *pflag.InvalidValueError
	var bare *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		name, known := unknown.GetSpecifiedName(), []string{}
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		err = fmt.Errorf("--%s is not a flag of %s%s", name, c.CommandPath(),
			cmp.Or(textutil.Hint("; the nearest one is --%s", name, known), editHas(c, name)))
	case errors.As(err, &bad):
		err = fmt.Errorf("--%s: %w", bad.GetFlag().Name, badValue(bad))
	case errors.As(err, &bare):
		err = fmt.Errorf("--%s needs a value", bare.GetFlag().Name)
	}
	return usagef("%w: see %s --help", err, c.CommandPath())
}

// editHas names the edit beside an add, if it has the flag that add lacks.
func editHas(c *cobra.Command, flag string) string {
	if c.Name() != "add" {
		return ""
	}
	for _, other := range c.Parent().Commands() {
		if other.Name() == "edit" && other.Flags().Lookup(flag) != nil {
			return "; " + other.CommandPath() + " has it"
		}
	}
	return ""
}

func badValue(bad *pflag.InvalidValueError) error {
	switch bad.GetFlag().Value.Type() {
	case "int", "uint32":
		return fmt.Errorf("must be a whole number, not %q", bad.GetValue())
	case "bool":
		return fmt.Errorf("must be true or false, not %q", bad.GetValue())
	}
	return bad.Unwrap()
}

func writeHelp(w io.Writer, c *cobra.Command) {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n", wrapped(text, helpWidth), useLine(c))
	if c.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", c.Example)
	}
	writeVerbs(w, c)
	if c.HasAvailableLocalFlags() {
		writeFlags(w, "Flags:", c.LocalFlags())
	}
	if c.HasAvailableInheritedFlags() {
		writeFlags(w, "Flags of all commands:", c.InheritedFlags())
	}
	if c.HasSubCommands() {
		fmt.Fprintf(w, "\n%s COMMAND --help says more about a command.\n", c.CommandPath())
	}
	if !c.HasParent() {
		fmt.Fprintf(w, "\n%s\n", wrapped(exitWords, helpWidth))
	}
}

func useLine(c *cobra.Command) string {
	if c.HasSubCommands() {
		return c.CommandPath() + " COMMAND"
	}
	return c.UseLine()
}

func writeVerbs(w io.Writer, c *cobra.Command) {
	list := func(title, group string) {
		fmt.Fprintf(w, "\n%s\n", title)
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() && sub.GroupID == group {
				fmt.Fprintf(w, "  %-13s  %s\n", sub.Name(), sub.Short)
			}
		}
	}
	for _, g := range c.Groups() {
		list(g.Title, g.ID)
	}
	if c.HasSubCommands() && len(c.Groups()) == 0 {
		list("Commands:", "")
	}
}

// flagsColumn is where what a flag does begins: in the line below a flag that is longer.
const flagsColumn = 32

func writeFlags(w io.Writer, title string, flags *pflag.FlagSet) {
	fmt.Fprintf(w, "\n%s\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, does := pflag.UnquoteUsage(f)
		if value == "string" || value == "stringArray" {
			value = "text"
		}
		left := "      --" + f.Name
		if f.Shorthand != "" {
			left = "  -" + f.Shorthand + ", --" + f.Name
		}
		if value != "" {
			left += " " + value
		}
		if f.DefValue != "" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "false" {
			does += " (default " + f.DefValue + ")"
		}
		margin := strings.Repeat(" ", flagsColumn)
		does = strings.ReplaceAll(wrapped(does, helpWidth-flagsColumn), "\n", "\n"+margin)
		if len(left) > flagsColumn-2 {
			left += "\n" + margin
		}
		fmt.Fprintf(w, "%-*s%s\n", flagsColumn, left, does)
	})
}

// wrapped breaks lines that are longer than most, between words.
func wrapped(text string, most int) string {
	var out strings.Builder
	width := 0
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		width = 0
		for _, word := range strings.Fields(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case width == 0:
			case width+1+n > most:
				out.WriteByte('\n')
				width = 0
			default:
				out.WriteByte(' ')
				width++
			}
			out.WriteString(word)
			width += n
		}
	}
	return out.String()
}
