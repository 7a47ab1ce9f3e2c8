package cli

import (
	"fmt"
	"time"

	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/keys"

	"github.com/spf13/cobra"
)

func keyCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "key", Short: "See and replace keys"}
	list, rotate, reseal := keyList(t), keyRotate(t), keyReseal(t)
	c.AddCommand(list, rotate, reseal)
	addJSON(t, c.Commands()...)
	anywhere(list, rotate)
	onThisMachine(reseal)
	return c
}

func keyList(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List keys and what happens to each next", Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return t.with(c.Context(), false, func(conn *connection) error {
				list, err := conn.ListKeys(c.Context())
				if err != nil {
					return err
				}
				if t.json {
					return t.writeJSON(list)
				}
				return t.showKeys(list)
			})
		},
	}
}

func (t *terminal) showKeys(list wire.KeyList) error {
	t.say("Keys that sign tokens:\n")
	w := newTable(t.stdout, "ALGORITHM", "KEY ID", "STATE", "SINCE", "THEN")
	for _, k := range list.SigningKeys {
		w.row(k.Algorithm, shortKey(k.ID), string(k.State), date(since(k)), then(k))
	}
	if err := w.w.Flush(); err != nil {
		return err
	}
	t.say("\nKeys that seal data:\n")
	w = newTable(t.stdout, "PURPOSE", "KEY", "STATE", "SINCE", "THEN")
	for _, k := range list.DataKeys {
		w.row(k.Purpose, k.ID, string(k.State), date(since(k)), then(k))
	}
	return w.w.Flush()
}

// shortKey is enough of a key's id to know it by; --json has all of it.
func shortKey(id string) string {
	if len(id) > 12 {
		return id[:12] + "…"
	}
	return id
}

// since is when a key came into its state.
func since(k wire.Key) time.Time {
	switch {
	case k.RetiredAt != nil:
		return *k.RetiredAt
	case k.ActivatedAt != nil:
		return *k.ActivatedAt
	}
	return k.CreatedAt
}

func date(t time.Time) string { return t.Local().Format("2006-01-02") }

func then(k wire.Key) string {
	switch {
	case !k.Enabled && k.ThenAt == nil:
		return "neither published nor used: signing_algorithms leaves " + k.Algorithm + " out"
	case k.ThenAt == nil && k.RetiredAt != nil:
		return "kept, since what it made may be in use for ever"
	case k.ThenAt == nil:
		return "stays"
	case k.Then == string(keys.ThenSigns):
		return "signs from " + textutil.Clock(*k.ThenAt)
	}
	return k.Then + " " + textutil.Clock(*k.ThenAt)
}

func keyRotate(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "rotate", Short: "Replace the keys that sign tokens", Args: takes(),
		Long: "Replace the keys that sign tokens, which also happens by itself (key_rotation). Apps notice nothing: a new key is " +
			"published before it signs, and the old one verifies what it signed until nobody can need it. " +
			"Of keys that strangers may have say --leaked: these are refused at once, with all that was made with them.",
	}
	alg := c.Flags().String("alg", "", "only the key of this algorithm")
	leaked := c.Flags().Bool("leaked", false,
		"do it at once, and end what was made with the old keys; without --alg, sessions and tokens too")
	sure := c.Flags().Bool("yes", false, "do not ask")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *leaked { // before the data is opened: others wait for it
			if err := t.confirm(c.Context(), *sure, discarding(*alg)); err != nil {
				return err
			}
		}
		return t.with(c.Context(), false, func(conn *connection) error {
			replace := conn.RotateKeys
			if *leaked {
				replace = conn.DiscardKeys
			}
			done, err := replace(c.Context(), *alg)
			if err != nil {
				return err
			}
			if t.json {
				return t.writeJSON(wire.Rotations{Rotations: done})
			}
			for _, r := range done {
				t.say("%s", effect(r))
			}
			if *leaked && *alg == "" {
				t.say("All sessions and tokens have ended. Passwords and client secrets are as before.")
			}
			if conn.local != nil && !*leaked {
				t.say("No server is running: what is still to come happens once it runs.")
			}
			return nil
		})
	}
	return c
}

func discarding(alg string) string {
	if alg != "" {
		return fmt.Sprintf("Discard the %s keys at once? Every ID token they signed is refused from then on.", alg)
	}
	return "Discard all keys at once? Everybody has to sign in again, and every app's tokens end."
}

// effect is what a rotation means, in words.
func effect(r wire.Rotation) string {
	if r.Until.Equal(r.At) {
		return fmt.Sprintf("%s: key %s signs now. Key %s is removed; an app that fetched it may believe it for five minutes more.",
			r.Algorithm, r.To, r.From)
	}
	if r.Done {
		return fmt.Sprintf("%s: key %s signs now. Key %s verifies what it signed until %s, then it is removed.",
			r.Algorithm, r.To, r.From, textutil.Clock(r.Until))
	}
	return fmt.Sprintf("%s: key %s is published, and signs from %s on, when apps have had time to fetch it. Key %s signs until then, and verifies what it signed until %s.",
		r.Algorithm, r.To, textutil.Clock(r.At), r.From, textutil.Clock(r.Until))
}
