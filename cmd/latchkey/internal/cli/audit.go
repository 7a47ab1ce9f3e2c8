package cli

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage"
	"latchkey/storage/audit"

	"github.com/spf13/cobra"
)

func auditCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "audit [USER]", Short: "Show who did what, or what concerns a user; the newest first",
		Long: "Show the audit trail, the newest first: sign-ins, consents, acts of administration, revocations and theft. " +
			"Changes show what was and what is; of people only which fields. It is kept as long as the setting audit_retention_seconds says.",
		Args: optionally("USER")}
	c.Example = "  latchkey audit\n  latchkey audit ada --limit 500"
	most := c.Flags().Int("limit", 50, "`number` of acts to show; 0: all")
	addJSON(t, c)
	anywhere(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *most < 0 {
			return usagef("--limit must be 0 or more; 0 shows all")
		}
		return t.with(c.Context(), false, func(conn *connection) error {
			names := namesOf{conn: conn, known: map[storage.ID]string{}}
			sub, err := whose(c.Context(), conn, args)
			if err != nil {
				return err
			}
			events := []audit.Event{}
			for e, err := range conn.Audit(c.Context(), sub) {
				if err != nil {
					return err
				}
				if events = append(events, e); len(events) == *most {
					break
				}
			}
			if t.json {
				return t.writeJSON(events)
			}
			return t.showEvents(c.Context(), events, names)
		})
	}
	return c
}

// whose is the sub of the user that an argument names, who may be gone by now; ""
// without one.
func whose(ctx context.Context, conn *connection, args []string) (string, error) {
	if len(args) == 0 {
		return "", nil
	}
	if _, err := storage.ParseID(args[0]); err == nil {
		return args[0], nil
	}
	u, err := findUser(ctx, conn, args[0])
	return u.Sub, err
}

func (t *terminal) showEvents(ctx context.Context, events []audit.Event, names namesOf) error {
	if len(events) == 0 {
		t.say("Nothing has happened yet.")
		return nil
	}
	var rows bytes.Buffer
	list := newTable(&rows, "TIME", "ACT", "BY", "VIA", "USER", "CLIENT", "DETAIL")
	for _, e := range events {
		by, err := names.of(ctx, e.By)
		if err != nil {
			return err
		}
		user, err := names.of(ctx, e.User)
		if err != nil {
			return err
		}
		via := strings.TrimSpace(string(e.Via) + " " + e.ByClient)
		list.row(textutil.Clock(e.Time), string(e.Act), by, via, user, e.Client, e.Detail)
	}
	if err := list.w.Flush(); err != nil {
		return err
	}
	head, body, _ := strings.Cut(rows.String(), "\n")
	t.say("%s", head)
	for i, row := range slices.Collect(strings.Lines(body)) {
		t.say("%s", strings.TrimRight(row, " \n"))
		for _, c := range events[i].Changes {
			t.say("    %s", changed(c))
		}
	}
	return nil
}

// changed is one field that an act changed, on a line of its own: values are long.
func changed(c audit.FieldChange) string {
	if c.Old == "" && c.New == "" {
		return c.Field
	}
	return c.Field + ": " + changedValue(c.Old, c.Unit) + " → " + changedValue(c.New, c.Unit)
}

func changedValue(text, unit string) string {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case text == "":
		return "nothing"
	case unit == unitSeconds && err == nil && n > 0:
		return new(textutil.Days(time.Duration(n) * time.Second)).String()
	}
	return text
}

// namesOf knows users by their names, asking once for each.
type namesOf struct {
	conn  *connection
	known map[storage.ID]string
}

// of returns the username, or the id of a user who is gone.
func (n namesOf) of(ctx context.Context, id storage.ID) (string, error) {
	if id.IsZero() {
		return "-", nil
	}
	if name, ok := n.known[id]; ok {
		return name, nil
	}
	name := id.String()
	switch u, err := n.conn.GetUser(ctx, name); {
	case err == nil:
		name = u.Username
	case !errors.Is(err, storage.ErrNotFound):
		return "", err
	}
	n.known[id] = name
	return name, nil
}
