package cli

import (
	"encoding/json"

	"latchkey/api/wire"
	"latchkey/storage/apps"

	"github.com/spf13/cobra"
)

func clientImport(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "import FILE", Short: "Add many apps from JSON lines, with their ids and secrets",
		Args: takes("FILE"),
		Long: `Add many apps from a file of JSON lines, one app a line; - is standard input.

A line holds client_id, client_secret in plain text or client_secret_hash (neither
for a public client), state, and client metadata by its names in RFC 7591. A hash
is PBKDF2, bcrypt, argon2 or scrypt in the usual notation or in Django's
(pbkdf2_sha256$…), and is replaced at its first use. Apps go on working with the
ids and secrets they have.

A secret that could be guessed, such as 1234567890123456, is refused; one that comes
as a hash is, at its first use. --accept-guessable-secrets accepts them for 30 days,
in which such an app needs a new one: latchkey client rotate-secret CLIENT_ID.

With --update a line about an app that is here changes what it names, and nothing
else. Its secret must be one that the app has: another one is refused unless
--replace-secrets allows it, since the one here may be the newer.

Each line is taken whole or refused whole, and reported. If any was refused, the
exit code is 1.`,
		Example: "  latchkey client import --dry-run clients.jsonl\n  latchkey client import --update clients.jsonl"}
	in := wire.ClientImport{}
	c.Flags().BoolVar(&in.Update, "update", false, "change the apps whose client_id is known, rather than refuse them")
	c.Flags().BoolVar(&in.ReplaceSecrets, "replace-secrets", false,
		"with --update: replace secrets that are set, which ends them at once")
	c.Flags().BoolVar(&in.AcceptGuessable, "accept-guessable-secrets", false,
		"accept secrets that could be guessed, for 30 days; give these apps new ones by then")
	c.Flags().BoolVar(&in.DryRun, "dry-run", false, "say what would happen to each line, and change nothing")
	c.RunE = func(c *cobra.Command, args []string) error {
		if in.ReplaceSecrets && !in.Update {
			return usagef("--replace-secrets needs --update")
		}
		return t.importLines(c.Context(), args[0], apps.ClientImportMost, !in.DryRun,
			func(conn *connection, lines []json.RawMessage) ([]imported, error) {
				in.Clients = lines
				done, err := conn.ImportClients(c.Context(), in)
				answers := make([]imported, len(done))
				for i, d := range done {
					answers[i] = imported{Client: d.ClientID, Result: d.Result, Reason: d.Reason, Note: d.Note}
				}
				return answers, err
			})
	}
	return c
}
