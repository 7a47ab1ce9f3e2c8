package cli

import (
	"errors"

	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage"

	"github.com/spf13/cobra"
)

func setupLinkCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "setup-link", Short: "Print the one-time link that makes the first administrator", Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return t.with(c.Context(), true, func(conn *connection) error {
				link, err := conn.SetupLink(c.Context())
				if errors.Is(err, storage.ErrSetUp) {
					return errors.New("somebody administers this Latchkey already: for a way back into an account run latchkey user recovery-link USER")
				}
				if err != nil {
					return err
				}
				return t.showLink(conn, link, "Open this link to become the first administrator")
			})
		},
	}
	addJSON(t, c)
	anywhere(c)
	return c
}

func (t *terminal) showLink(conn *connection, link wire.Link, purpose string) error {
	if t.json {
		return t.writeJSON(link)
	}
	t.say("%s:\n\n  %s\n\nIt works once, until %s.", purpose, link.URL, textutil.Clock(link.ExpiresAt))
	if conn.local != nil {
		t.say("No server is running: start it first, with latchkey serve.")
	}
	return nil
}
