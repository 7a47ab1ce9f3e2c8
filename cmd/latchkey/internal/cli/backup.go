package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"latchkey/cmd/latchkey/internal/textutil"

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
				if err == nil {
					err = seen(b.Path)
				}
				if err != nil {
					return err
				}
				if t.json {
					err = t.writeJSON(b)
				} else {
					t.say("Wrote %s (%s) and read it again.\nThe master key is not in it: keep a copy of that, apart.", b.Path, textutil.Size(b.Bytes))
					t.sayFaults(b.Faults)
				}
				if err == nil && len(b.Faults) > 0 {
					err = fmt.Errorf("the backup is true to the data, but these have %s: see latchkey check",
						textutil.Number(len(b.Faults), "fault"))
				}
				return err
			})
		},
	}
	addJSON(t, c)
	onThisMachine(c)
	return c
}

// seen reports a backup that the server wrote where this command, and so the operator,
// does not see it: systemd gives a service a /tmp of its own, and empties it.
func seen(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the server wrote %s, but in a %s of its own that nobody else sees and that may be gone when it stops: "+
			"name a directory outside of it, which the server may write to", path, filepath.Dir(path))
	}
	return nil
}
