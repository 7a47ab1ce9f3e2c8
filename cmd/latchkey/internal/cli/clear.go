package cli

import (
	"slices"
	"strings"

	"latchkey/cmd/latchkey/internal/textutil"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// refuseEmptyFlags refuses flags whose value is empty, as that of a variable of the shell
// that is not set: a list of allowed groups that is empty by mistake would let in
// everybody. What is to be empty is named by --clear.
func refuseEmptyFlags(c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if err != nil || !slices.ContainsFunc(values, isBlank) {
			return
		}
		if clear := c.Flags().Lookup("clear"); clear != nil && slices.Contains(clear.Annotations[clearable], f.Name) {
			err = usagef("--%s is empty: give it a value, or clear the field with --clear %s", f.Name, f.Name)
		} else {
			err = usagef("--%s is empty: give it a value, or leave it out", f.Name)
		}
	})
	return err
}

// clearable is the annotation of --clear that lists the flags whose field can be emptied.
const clearable = "clearable"

// addClear gives a verb that edits the flag that names the fields to be emptied, by their
// own flags. The flags are those whose field can be.
func addClear(c *cobra.Command, example string, flags []string) *[]string {
	named := c.Flags().StringArray("clear", nil, "`flag` whose field is to be empty, like "+example+"; may be repeated")
	c.Flags().Lookup("clear").Annotations = map[string][]string{clearable: flags}
	return named
}

// checkCleared returns which fields are to be emptied, by their flags. It refuses those
// that cannot be, and those that are given a value too.
func checkCleared(c *cobra.Command, named []string) ([]string, error) {
	allowed := c.Flags().Lookup("clear").Annotations[clearable]
	flags := make([]string, len(named))
	for i, name := range named {
		flags[i] = strings.TrimPrefix(name, "--")
		if !slices.Contains(allowed, flags[i]) {
			return nil, usagef("--clear: %q is not a flag whose field can be emptied%s", flags[i],
				textutil.Hint("; the nearest one is %q", flags[i], allowed))
		}
		if c.Flags().Changed(flags[i]) {
			return nil, usagef("--%s and --clear %s are both given: leave one out", flags[i], flags[i])
		}
	}
	return flags, nil
}
