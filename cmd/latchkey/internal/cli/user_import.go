package cli

import (
	"encoding/json"

	"latchkey/api/wire"
	"latchkey/storage/people"

	"github.com/spf13/cobra"
)

func userImport(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "import FILE", Short: "Add many users from JSON lines, with password hashes",
		Args: takes("FILE"),
		Long: `Add many users from a file of JSON lines, one user a line; - is standard input.

A line holds standard claims, username (or preferred_username), external_id,
disabled, and password_hash: argon2id, argon2i, bcrypt, scrypt or PBKDF2 in the
usual notation ($argon2id$…, $2b$…), in Django's (pbkdf2_sha256$…), or a
credential object of Keycloak. People sign in with the passwords they have; each
is hashed anew at the first sign-in.

Each line is taken whole or refused whole, and reported. If any was refused, the
exit code is 1.`,
		Example: "  latchkey user import --dry-run users.jsonl\n  latchkey user import --update users.jsonl"}
	in := wire.UserImport{}
	f := c.Flags()
	f.BoolVar(&in.Update, "update", false, "change the users whose external_id is known, rather than refuse them")
	f.BoolVar(&in.ReplacePasswords, "replace-passwords", false,
		"with --update: replace passwords that are set, which ends sessions")
	f.BoolVar(&in.AllowAdmin, "allow-admin", false, "take the roles of lines that hold them")
	f.BoolVar(&in.DryRun, "dry-run", false, "say what would happen to each line by itself, and change nothing")
	c.RunE = func(c *cobra.Command, args []string) error {
		if in.ReplacePasswords && !in.Update {
			return usagef("--replace-passwords needs --update")
		}
		return t.importLines(c.Context(), args[0], people.UserImportMost, !in.DryRun,
			func(conn *connection, lines []json.RawMessage) ([]imported, error) {
				in.Users = lines
				done, err := conn.ImportUsers(c.Context(), in)
				answers := make([]imported, len(done))
				for i, d := range done {
					answers[i] = imported{Name: d.Username, Sub: d.Sub, Result: d.Result, Reason: d.Reason}
				}
				return answers, err
			})
	}
	return c
}
