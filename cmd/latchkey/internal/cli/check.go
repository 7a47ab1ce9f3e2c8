package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/config"
	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage/backup"
	"latchkey/storage/table"

	"github.com/spf13/cobra"
)

// sayFaults lists what is wrong with the data.
func (t *terminal) sayFaults(faults []wire.Fault) {
	for _, f := range faults {
		t.say("  %s %s: %s", f.Table, f.Key, f.What)
	}
}

func checkCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "check [FILE]", Short: "Read all data, or a backup, and say what is wrong", Args: optionally("FILE"),
		Long: "Read all data, or those of a backup, and say what is wrong. The server may go on running. The exit code is 1 if anything is.",
		RunE: func(c *cobra.Command, args []string) error {
			conf, err := t.ownConfig()
			if err != nil {
				return err
			}
			var faults []wire.Fault
			if len(args) == 1 {
				faults, err = examine(c.Context(), conf, args[0])
			} else {
				faults, err = checkData(c.Context(), conf)
			}
			if err != nil {
				return err
			}
			return t.showFindings(faults)
		},
	}
	addJSON(t, c)
	onThisMachine(c)
	return c
}

// checkData asks the server. Without one it reads the file as it would a backup,
// since damaged data had better not be opened.
func checkData(ctx context.Context, c *config.Config) (faults []wire.Fault, err error) {
	if err := data.CheckPresent(c); err != nil {
		return nil, err
	}
	caller, err := reach(ctx, c, func() (err error) {
		faults, err = examine(ctx, c, data.Path(c))
		return err
	})
	if err != nil || caller == nil {
		return faults, err
	}
	defer caller.Close()
	return caller.Check(ctx)
}

func examine(ctx context.Context, c *config.Config, path string) ([]wire.Fault, error) {
	try, err := data.PresentKeys(c)
	if err != nil && c.MasterKey == "" && c.MasterKeyFile == "" {
		// Without data either, this is most likely the wrong directory.
		err = cmp.Or(data.CheckPresent(c), err)
	}
	if err != nil {
		return nil, err
	}
	faults, err := backup.Examine(ctx, path, try)
	if damaged := (*backup.Damaged)(nil); errors.As(err, &damaged) {
		faults, err = damaged.Faults, nil
		if damaged.Missing > 0 {
			missing := table.Fault{Table: "file", What: fmt.Sprintf("%d bytes are missing at its end", damaged.Missing)}
			faults = append([]table.Fault{missing}, faults...)
		}
	}
	return wire.FaultsOf(faults), err
}

func (t *terminal) showFindings(faults []wire.Fault) error {
	switch {
	case t.json:
		if err := t.writeJSON(wire.Findings{Faults: faults}); err != nil {
			return err
		}
	case len(faults) == 0:
		t.say("All is well.")
	default:
		t.sayFaults(faults)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%s found: what to do is in docs/backup.md", textutil.Number(len(faults), "fault"))
	}
	return nil
}
