package cli

import (
	"latchkey/cmd/latchkey/internal/version"

	"github.com/spf13/cobra"
)

func versionCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "version", Short: "Say which Latchkey this is", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			v := version.Current()
			if t.json {
				return t.writeJSON(v)
			}
			t.say("latchkey %s (%s)", v.Version, v.Go)
			return nil
		},
	}
	addJSON(t, c)
	return c
}
