package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/api/wire"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage"
	"latchkey/storage/apps"

	"github.com/spf13/cobra"
)

func clientCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "client", Short: "Add, show and change apps"}
	c.AddCommand(clientAdd(t), clientList(t), clientShow(t), clientEdit(t), clientRotateSecret(t), clientDelete(t),
		clientImport(t))
	addJSON(t, c.Commands()...)
	anywhere(c.Commands()...)
	return c
}

// onClient runs do for the client that the only argument names.
func (t *terminal) onClient(do func(ctx context.Context, c *connection, id string) error) func(*cobra.Command,
	[]string) error {
	return func(c *cobra.Command, args []string) error {
		err := t.with(c.Context(), false, func(conn *connection) error { return do(c.Context(), conn, args[0]) })
		if errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("there is no client %q", args[0])
		}
		return err
	}
}

func clientAdd(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "add", Short: "Add an app, approved", Args: takes(),
		Example: "  # on a server\n  latchkey client add --client-name Demo --redirect-uri http://127.0.0.1:9000/cb\n" +
			"  # in the browser\n  latchkey client add --client-name Spa --redirect-uri https://spa.example/cb \\\n      --token-endpoint-auth-method none\n" +
			"  # a program of its own\n  latchkey client add --client-name Robot --grant-type client_credentials \\\n      --scope orders:read"}
	addMetadataFlags(c)
	id := c.Flags().String("client-id", "", "its id (default: a fresh one)")
	own := c.Flags().Bool("first-party", false, "it is the platform's own")
	c.RunE = func(c *cobra.Command, _ []string) error {
		needed := []string{"client-name"}
		if !c.Flags().Changed("grant-type") { // without one it signs people in
			needed = append(needed, "redirect-uri")
		}
		for _, flag := range needed {
			if !c.Flags().Changed(flag) {
				return usagef("--%s is missing: see %s --help", flag, c.CommandPath())
			}
		}
		fields := metadataFields(c.Flags())
		if *id != "" {
			fields["client_id"] = *id
		}
		if *own {
			fields["first_party"] = true
		}
		if fields["grant_types"] == nil { // an app that signs people in, and should not have to do so every hour
			fields["grant_types"] = []string{apps.GrantTypeCode, apps.GrantTypeRefresh}
		}
		return t.with(c.Context(), true, func(conn *connection) error {
			made, err := conn.CreateClientFrom(c.Context(), fields)
			if err != nil {
				return err
			}
			if err := t.showClient("Added "+made.ClientName+".", made); err != nil || t.json {
				return err
			}
			return t.sayIssuer(c.Context(), conn)
		})
	}
	return c
}

// sayIssuer says what an app is configured with besides its own id and secret. The issuer
// is the running server's: this command's own configuration may be another.
func (t *terminal) sayIssuer(ctx context.Context, conn *connection) error {
	issuer := t.elsewhere.server
	switch {
	case conn.local != nil:
		issuer = conn.local.Config.Issuer
	case conn.remote == nil:
		status, err := conn.GetStatus(ctx)
		if err != nil {
			return err
		}
		issuer = status.Issuer
	}
	if issuer != "" { // a server of before does not say it
		t.say("\nThe issuer is %s\nand its discovery document %s/.well-known/openid-configuration.", issuer, issuer)
	}
	return nil
}

func clientList(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all apps", Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return t.with(c.Context(), false, func(conn *connection) error {
				clients := []wire.Client{}
				for v, err := range conn.Clients(c.Context()) {
					if err != nil {
						return err
					}
					clients = append(clients, v)
				}
				if t.json {
					return t.writeJSON(clients)
				}
				return t.showClients(clients)
			})
		}}
}

func (t *terminal) showClients(clients []wire.Client) error {
	if len(clients) == 0 {
		t.say("No apps yet. Add one with “latchkey client add --client-name NAME --redirect-uri ADDRESS”.")
		return nil
	}
	list := newTable(t.stdout, "CLIENT_ID", "NAME", "STATE", "REDIRECT_URIS")
	for _, v := range clients {
		list.row(v.ClientID, v.ClientName, string(v.State), strings.Join(v.RedirectURIs, " "))
	}
	return list.w.Flush()
}

func clientShow(t *terminal) *cobra.Command {
	return &cobra.Command{Use: "show CLIENT_ID", Short: "Show an app", Args: takes("CLIENT_ID"),
		RunE: t.onClient(func(ctx context.Context, conn *connection, id string) error {
			v, err := conn.GetClient(ctx, id)
			if err != nil {
				return err
			}
			return t.showClient("", v)
		})}
}

// showClient answers with a client, under a headline for people. A secret that
// has just been made is in it.
func (t *terminal) showClient(headline string, v wire.Client) error {
	if t.json {
		return t.writeJSON(v)
	}
	if headline != "" {
		t.say("%s\n", headline)
	}
	if err := t.showFields(append([]field{
		{"client_id", v.ClientID}, {"client_secret", v.ClientSecret}, {"state", string(v.State)},
	}, metadataLines(v)...)); err != nil {
		return err
	}
	if v.ClientSecret != "" {
		t.say("\nThe client secret is shown this once: keep it now.")
	}
	for _, warning := range v.RedirectURIWarnings() {
		t.say("\nWarning: %s.", warning)
	}
	if v.UsesSecret() && len(v.Secrets) == 0 {
		t.say("\nIt has no secret yet. Make one with “latchkey client rotate-secret %s”.", v.ClientID)
	}
	return nil
}

func metadataLines(v wire.Client) []field {
	m := v.Metadata
	lines := []field{
		{"client_name", m.ClientName}, {"redirect_uris", strings.Join(m.RedirectURIs, "\n")},
		{"post_logout_redirect_uris", strings.Join(m.PostLogoutRedirectURIs, "\n")},
		{"grant_types", strings.Join(m.GrantTypes, " ")}, {"response_types", strings.Join(m.ResponseTypes, " ")},
		{"token_endpoint_auth_method", m.TokenEndpointAuthMethod},
		{"require_token_endpoint_auth_method", yes(m.RequireAuthMethod, "yes")}, {"jwks", keyLines(m.JWKS)},
		{"jwks_uri", m.JWKSURI},
		{"token_endpoint_auth_signing_alg", m.TokenEndpointAuthSigningAlg}, {"application_type", m.ApplicationType},
		{"scope", m.Scope}, {"optional_scopes", strings.Join(m.OptionalScopes, " ")},
		{"id_token_signed_response_alg", cmp.Or(m.IDTokenSignedResponseAlg, "as set: default_signing_algorithm")},
		{"client_uri", m.ClientURI},
		{"policy_uri", m.PolicyURI}, {"tos_uri", m.TosURI}, {"contacts", strings.Join(m.Contacts, " ")},
		{"require_auth_time", yes(m.RequireAuthTime, "yes")}, {"require_pkce", yes(m.RequirePKCE, "yes")},
		{"id_token_user_claims", ownOrSet(m.IDTokenUserClaims, "id_token_user_claims")},
		{"initiate_login_uri", m.InitiateLoginURI},
		{"consent", m.Consent}, {"first_party", yes(v.FirstParty, "yes")},
		{"allowed_groups", strings.Join(m.AllowedGroups, "\n")}, {"access_token_format", m.AccessTokenFormat},
		{"refresh_token_reuse", yes(m.RefreshTokenReuse, "yes")}, {"online_refresh_tokens", onlineRefresh(m)},
	}
	seconds := func(name string, n uint32) { lines = append(lines, field{name, fmt.Sprintf("%d seconds", n)}) }
	if m.DefaultMaxAge != nil {
		seconds("default_max_age", *m.DefaultMaxAge)
	}
	for _, l := range []struct {
		name string
		n    uint32
	}{
		{"access_token_lifetime", m.AccessTokenLifetime}, {"id_token_lifetime", m.IDTokenLifetime},
		{"refresh_token_idle", m.RefreshTokenIdle}, {"refresh_token_lifetime", m.RefreshTokenLifetime},
	} {
		if l.n != 0 {
			seconds(l.name, l.n)
		}
	}
	for _, s := range v.Secrets {
		lines = append(lines, field{"secret", secretWords(s)})
	}
	return append(lines, field{"created", textutil.Clock(time.Unix(v.ClientIDIssuedAt, 0))},
		field{"updated", textutil.Clock(v.UpdatedAt)})
}

// onlineRefresh says whether refresh tokens come without offline_access; "" of an app that
// gets none.
func onlineRefresh(m wire.Metadata) string {
	if slices.Contains(m.GrantTypes, apps.GrantTypeRefresh) && !m.RefreshesOnline() {
		return "no"
	}
	return yes(m.RefreshesOnline(), "yes")
}

func secretWords(s wire.Secret) string {
	words := "ends in " + s.Last4 + ", made " + textutil.Clock(s.CreatedAt)
	if s.Imported {
		words = "imported, not yet used, taken over " + textutil.Clock(s.CreatedAt)
	}
	if s.ExpiresAt != nil {
		words += ", valid until " + textutil.Clock(*s.ExpiresAt)
	}
	if s.GuessableUntil != nil {
		words += ", could be guessed and so ends at " + textutil.Clock(*s.GuessableUntil)
	}
	return words
}
