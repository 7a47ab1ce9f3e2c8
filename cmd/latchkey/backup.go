package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
)

func backupCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "backup FILE", Short: "Write a backup to a new file and read it again", Args: takes("FILE"),
		Long: "Write a backup to a new file, which gets its name once it was read again and found whole. The server may go on running; it writes the file itself. " +
			"The master key is not in it.",
		RunE: func(c *cobra.Command, args []string) error {
			// The server has another working directory.
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			return t.with(c.Context(), false, func(conn *connection) error {
				b, err := conn.Backup(c.Context(), path)
				if err != nil {
					return err
				}
				if t.json {
					err = t.writeJSON(b)
				} else {
					t.say("Wrote %s (%s) and read it again.\nThe master key is not in it: keep a copy of that, apart.", b.Path, size(b.Bytes))
					t.sayFaults(b.Faults)
				}
				if err == nil && len(b.Faults) > 0 {
					err = fmt.Errorf("the backup is true to the data, but these have %s: see latchkey check", number(len(b.Faults), "fault"))
				}
				return err
			})
		},
	}
	addJSON(t, c)
	onThisMachine(c)
	return c
}
