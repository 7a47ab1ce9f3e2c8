package cli

import (
	"context"
	"fmt"
	"time"

	"latchkey/api/client"
	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/textutil"

	"github.com/spf13/cobra"
)

func resourceEdit(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "edit RESOURCE", Short: "Change an API", Args: takes("RESOURCE"),
		Long: "Change an API. What no flag names stays as it is; scopes are replaced as a whole, and those that stay keep their marks. " +
			"A scope that it has no more is worth nothing at once, and its name stays this API's for good."}
	c.Flags().String("name", "", "name that people know it by")
	given := c.Flags().StringArray("scope", nil, scopeUsage)
	marks := addScopeMarks(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		scopes, err := scopesOf(*given)
		if err != nil {
			return err
		}
		fields := client.Fields{}
		if f := c.Flags().Lookup("name"); f.Changed {
			fields["name"] = f.Value.String()
		}
		if len(fields) == 0 && len(scopes) == 0 && marks.none() {
			return usagef("nothing to change: see %s --help", c.CommandPath())
		}
		return t.onResource(func(ctx context.Context, conn *connection, v wire.Resource) error {
			if len(scopes) > 0 || !marks.none() {
				all := withMarks(scopes, v.Scopes)
				if err := marks.apply(all); err != nil {
					return err
				}
				fields["scopes"] = all
			}
			v, err := conn.ChangeResource(ctx, v.ID, fields)
			if err != nil {
				return err
			}
			return t.showResource("Changed "+v.Name+".", v)
		})(c, args)
	}
	return c
}

// withMarks are the scopes given, marked as those of the same name were; none given:
// all that there were.
func withMarks(given, had []wire.ResourceScope) []wire.ResourceScope {
	if len(given) == 0 {
		return had
	}
	for i := range given {
		for _, sc := range had {
			if sc.Name == given[i].Name {
				given[i].Sensitivity, given[i].Open, given[i].Default = sc.Sensitivity, sc.Open, sc.Default
			}
		}
	}
	return given
}

func resourceDisable(t *terminal, verb string, disabled bool) *cobra.Command {
	short, done := "Take a disabled API into use again", "%s is in use again."
	if disabled {
		short, done = "Take an API out of use until it is enabled",
			"%s is disabled: tokens do not work there, and nobody can ask for it."
	}
	return &cobra.Command{Use: verb + " RESOURCE", Short: short, Args: takes("RESOURCE"),
		RunE: t.onResource(func(ctx context.Context, conn *connection, v wire.Resource) error {
			v, err := conn.DisableResource(ctx, v.ID, disabled)
			if err != nil || t.json {
				return t.answer(v, err)
			}
			t.say(done, v.Name)
			return nil
		})}
}

func resourceRotateSecret(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "rotate-secret RESOURCE", Short: "Give an API a new secret", Args: takes("RESOURCE")}
	overlap := addOverlap(c)
	c.RunE = t.onResource(func(ctx context.Context, conn *connection, v wire.Resource) error {
		v, err := conn.AddResourceSecret(ctx, v.ID, time.Duration(*overlap))
		if err != nil {
			return err
		}
		return t.showResource(rotated(v.Name, len(v.Secrets), overlap), v)
	})
	return c
}

func resourceEndSecret(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "end-secret RESOURCE LAST4", Short: "End one secret of an API at once",
		Args: takes("RESOURCE", "LAST4"),
		Long: "End one secret of an API at once, known by its last four characters. Without any secret the API cannot introspect; checking JWTs needs none."}
	c.RunE = func(c *cobra.Command, args []string) error {
		return t.onResource(func(ctx context.Context, conn *connection, v wire.Resource) error {
			ended := false
			for _, s := range v.Secrets {
				if s.Last4 != args[1] {
					continue
				}
				if err := conn.RemoveResourceSecret(ctx, v.ID, s.ID); err != nil {
					return err
				}
				ended = true
			}
			if !ended {
				return fmt.Errorf("%s has no secret that ends in %q", v.Name, args[1])
			}
			v, err := conn.GetResource(ctx, v.ID)
			if err != nil {
				return err
			}
			return t.showResource("The secret that ends in "+args[1]+" no longer works.", v)
		})(c, args)
	}
	return c
}

// appsOf is how many may ask for a resource's scopes, if the server says it.
func appsOf(v wire.Resource) string {
	if v.Clients == nil {
		return "apps"
	}
	return textutil.Number(*v.Clients, "app")
}

func resourceDelete(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "delete RESOURCE", Short: "Delete an API for good", Args: takes("RESOURCE"),
		Long: "Delete an API for good. Its scopes are worth nothing at once, wherever they were granted. Apps keep their names, which mean nothing any more and are never another API's. " +
			"To take an API out of use for a while: latchkey resource disable RESOURCE."}
	sure := c.Flags().Bool("yes", false, "do not ask")
	c.RunE = func(c *cobra.Command, args []string) error {
		var doomed wire.Resource
		look := t.onResource(func(ctx context.Context, conn *connection, v wire.Resource) (err error) {
			doomed, err = conn.GetResource(ctx, v.ID)
			return err
		})
		if err := look(c, args); err != nil {
			return err
		}
		// With the data closed: nobody else should wait for the answer.
		question := fmt.Sprintf("Delete %s (%s) for good? Tokens stop working there at once; %s may ask for it.",
			doomed.Name, doomed.Identifier, appsOf(doomed))
		if err := t.confirm(c.Context(), *sure, question); err != nil {
			return err
		}
		remove := t.onResource(func(ctx context.Context, conn *connection, v wire.Resource) error {
			return conn.DeleteResource(ctx, v.ID)
		})
		if err := remove(c, []string{doomed.ID}); err != nil || t.json {
			return t.answer(map[string]any{"deleted": doomed.ID, "clients": doomed.Clients}, err)
		}
		t.say("%s is deleted. %s could ask for it.", doomed.Name, appsOf(doomed))
		return nil
	}
	return c
}
