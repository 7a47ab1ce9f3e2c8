package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/data"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage/backup"
	"latchkey/storage/kv"

	"github.com/spf13/cobra"
)

// restored is the answer of restore.
type restored struct {
	DataFile string       `json:"data_file"`
	Replaced string       `json:"replaced,omitempty"` // where what was there is now
	Bytes    int64        `json:"bytes"`
	Faults   []wire.Fault `json:"faults"` // what was not restored
}

func restoreCommand(t *terminal) *cobra.Command {
	var r backup.Restore
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the data", Args: takes("FILE"),
		Long: "Put a backup in the place of the data. The whole of it is read, and the master key tried on it, before anything is replaced. No server may be running.",
		RunE: func(c *cobra.Command, args []string) error {
			r.From = args[0]
			return t.restore(c.Context(), r)
		},
	}
	c.Flags().BoolVar(&r.Force, "force", false,
		"replace the data that are there; they are kept beside, under another name")
	c.Flags().BoolVar(&r.DespiteFaults, "despite-faults", false, "restore what can be read of a backup that is damaged")
	addJSON(t, c)
	onThisMachine(c)
	return c
}

func (t *terminal) restore(ctx context.Context, r backup.Restore) error {
	c, err := t.ownConfig()
	if err != nil {
		return err
	}
	if _, err := os.Stat(r.From); err != nil { // before --force is advised for nothing
		return textutil.FileReason(err)
	}
	if r.Keys, err = data.PresentKeys(c); err != nil {
		return err
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("data_dir (%s): the directory cannot be made: %w", c.Source("data_dir"),
			textutil.FileReason(err))
	}
	r.To, r.Now = data.Path(c), time.Now
	done, err := r.Run(ctx)
	switch {
	case errors.Is(err, kv.ErrLocked):
		return fmt.Errorf("%w: stop it first", err)
	case errors.Is(err, backup.ErrPresent):
		return fmt.Errorf("%w: add --force to replace them; they are kept beside, under another name", err)
	case err != nil:
		if damaged := (*backup.Damaged)(nil); errors.As(err, &damaged) {
			err = fmt.Errorf("%w\nlatchkey restore --despite-faults restores what can be read", err)
		}
		return fmt.Errorf("%w\nNothing was restored, and the present data are as they were", err)
	}
	answer := restored{DataFile: r.To, Replaced: done.Kept, Bytes: done.Bytes, Faults: wire.FaultsOf(done.Faults)}
	if t.json {
		return t.writeJSON(answer)
	}
	t.say("Restored %s from %s.", r.To, r.From)
	if done.Kept != "" {
		t.say("What was there is now %s.", done.Kept)
	}
	if len(answer.Faults) > 0 {
		t.say("This was lost:")
		t.sayFaults(answer.Faults)
	}
	return nil
}
