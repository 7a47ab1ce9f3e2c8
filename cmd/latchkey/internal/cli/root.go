package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// newRoot is the tree of verbs.
func newRoot(t *terminal) *cobra.Command {
	root := &cobra.Command{
		Use:   "latchkey",
		Short: "An OpenID Connect provider in one binary with one data file",
		Long:  "An OpenID Connect provider in one binary with one data file. Without any configuration, latchkey serve runs it on http://localhost:8080; the other verbs speak with it, or with its data while it is stopped.",
		// Errors are told once, by Run.
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&t.configPath, "config", "",
		"configuration `file` (see config.example.yaml; default: LATCHKEY_CONFIG, else none)")
	addElsewhere(t, root)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(serveCommand(t), setupLinkCommand(t), userCommand(t), clientCommand(t), groupCommand(t),
		resourceCommand(t), settingCommand(t), keyCommand(t), auditCommand(t),
		backupCommand(t), restoreCommand(t), checkCommand(t), compactCommand(t), doctorCommand(t), tryCommand(t),
		versionCommand(t))
	for _, c := range root.Commands() {
		understandVerbs(c)
	}
	understandVerbs(root)
	addHelp(t, root)
	return root
}

// understandVerbs makes a command that only groups others say which of them was
// meant by a word it does not know.
func understandVerbs(c *cobra.Command) {
	if !c.HasSubCommands() {
		return
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return notUnderstood(c, args[0])
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
}

// takes checks the number of arguments, which are named as in "USER", and that none is
// empty: an empty one names nobody, and must not come to mean the first or all.
func takes(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s is missing: see %s --help", names[len(args)], c.CommandPath())
		case len(args) > len(names):
			return usagef("%q is one word too many: see %s --help", args[len(names)], c.CommandPath())
		}
		for i, arg := range args {
			if isBlank(arg) {
				return usagef("%s is empty: see %s --help", names[i], c.CommandPath())
			}
		}
		return nil
	}
}

// isBlank reports whether a text has nothing but spaces, as a variable of the shell that
// is not set.
func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// optionally is takes for one argument that may be left out.
func optionally(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return takes(name)(c, args)
	}
}

// atLeast is takes for one argument or more.
func atLeast(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return takes(name)(c, args)
		}
		for _, arg := range args {
			if err := takes(name)(c, []string{arg}); err != nil {
				return err
			}
		}
		return nil
	}
}

// addJSON gives a verb the flag that makes its answer one for programs.
func addJSON(t *terminal, commands ...*cobra.Command) {
	for _, c := range commands {
		c.Flags().BoolVar(&t.json, "json", false, "answer in JSON")
	}
}
