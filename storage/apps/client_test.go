package apps_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
)

func TestWhatAClientLeavesOutHasTheRegisteredDefaults(t *testing.T) {
	h := storetest.NewHouse(t)
	m := h.Client("demo").Metadata
	if m.TokenEndpointAuthMethod != apps.AuthMethodBasic || !slices.Equal(m.GrantTypes, []string{apps.GrantTypeCode}) ||
		!slices.Equal(m.ResponseTypes, []string{"code"}) || m.ApplicationType != apps.ApplicationWeb ||
		m.IDTokenSignedResponseAlg != "" || !slices.Equal(m.Scopes, append(apps.StandardScopes(), apps.ScopeGroups)) {
		t.Errorf("%+v", m)
	}
}

func TestGroupsAreAmongTheDefaultsOfAnAdministratorsClientsAlone(t *testing.T) {
	h := storetest.NewHouse(t)
	for _, owner := range []storage.ID{{}, h.User("ada").ID} {
		c := storetest.Need(h.Clients.Create(h.Ctx, storage.Operator,
			apps.NewClient{Metadata: storetest.WebMetadata(), Owner: owner, Secret: []byte("hash")}))(h)
		m := storetest.WebMetadata()
		m.Scopes = nil // cleared: the defaults again
		again := storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m))(h)
		for _, c := range []*apps.Client{c, again} {
			if has := slices.Contains(c.Metadata.Scopes, apps.ScopeGroups); has != owner.IsZero() {
				t.Errorf("owner %v: %q", owner, c.Metadata.Scopes)
			}
		}
	}
}

func TestMetadataOutsideTheRulesIsRefused(t *testing.T) {
	h := storetest.NewHouse(t)
	c := h.Client("demo")
	for _, row := range []struct {
		field  string
		change func(*apps.Metadata)
	}{
		{"client_name", func(m *apps.Metadata) { m.ClientName = " " }},
		{"client_name", func(m *apps.Metadata) { m.ClientName = strings.Repeat("x", 101) }},
		{"client_name", func(m *apps.Metadata) { m.ClientName = "Bank\u202e" }},
		{"client_name", func(m *apps.Metadata) { m.ClientName = "a\nb" }},
		{"redirect_uris", func(m *apps.Metadata) { m.RedirectURIs = nil }},
		{"redirect_uris", func(m *apps.Metadata) { m.RedirectURIs = []string{"http://x.example/#"} }},
		{"redirect_uris", func(m *apps.Metadata) { m.RedirectURIs = slices.Repeat([]string{"https://app.example/cb"}, 51) }},
		{"post_logout_redirect_uris", func(m *apps.Metadata) { m.PostLogoutRedirectURIs = []string{"javascript:alert(1)"} }},
		{"post_logout_redirect_uris", func(m *apps.Metadata) { m.PostLogoutRedirectURIs = slices.Repeat([]string{"https://app.example/"}, 51) }},
		{"grant_types", func(m *apps.Metadata) { m.GrantTypes = []string{apps.GrantTypeCode, "implicit"} }},
		{"grant_types", func(m *apps.Metadata) { m.GrantTypes = []string{apps.GrantTypeCode, apps.GrantTypeCode} }},
		{"response_types", func(m *apps.Metadata) { m.ResponseTypes = []string{"token"} }},
		{"response_types", func(m *apps.Metadata) {
			m.GrantTypes, m.ResponseTypes = []string{apps.GrantTypeClientCredentials}, []string{"code"}
		}},
		{"grant_types", func(m *apps.Metadata) {
			m.GrantTypes, m.ResponseTypes = []string{apps.GrantTypeRefresh},
				nil
		}},
		{"access_token_format", func(m *apps.Metadata) { m.AccessTokenFormat = "saml" }},
		{"token_endpoint_auth_method", func(m *apps.Metadata) { m.TokenEndpointAuthMethod = "client_secret_jwt" }},
		{"application_type", func(m *apps.Metadata) { m.ApplicationType = "desktop" }},
		{"id_token_signed_response_alg", func(m *apps.Metadata) { m.IDTokenSignedResponseAlg = "none" }},
		{"id_token_signed_response_alg", func(m *apps.Metadata) { m.IDTokenSignedResponseAlg = "HS256" }},
		{"scope", func(m *apps.Metadata) { m.Scopes = []string{"openid", "godmode"} }},
		{"scope", func(m *apps.Metadata) { m.Scopes = []string{"openid", "openid"} }},
		{"optional_scopes", func(m *apps.Metadata) {
			m.Scopes, m.OptionalScopes = []string{"openid"},
				[]string{"email"}
		}},
		{"optional_scopes", func(m *apps.Metadata) { m.OptionalScopes = []string{"openid"} }},
		{"client_uri", func(m *apps.Metadata) { m.ClientURI = "javascript:alert(1)" }},
		{"policy_uri", func(m *apps.Metadata) { m.PolicyURI = "ftp://x" }},
		{"tos_uri", func(m *apps.Metadata) { m.TosURI = "https://a@b/" }},
		{"initiate_login_uri", func(m *apps.Metadata) { m.InitiateLoginURI = "/x" }},
		{"contacts", func(m *apps.Metadata) { m.Contacts = []string{"nobody"} }},
		{"contacts", func(m *apps.Metadata) { m.Contacts = []string{""} }},
		{"contacts", func(m *apps.Metadata) { m.Contacts = slices.Repeat([]string{"a@b.c"}, 11) }},
	} {
		m := storetest.WebMetadata()
		row.change(&m)
		_, err := h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m)
		storetest.WantInvalid(t, err, row.field)
		_, err = h.Clients.Create(h.Ctx, storage.Operator, apps.NewClient{Metadata: m, Secret: []byte("x")})
		if row.field != "token_endpoint_auth_method" || err == nil {
			storetest.WantInvalid(t, err, row.field)
		}
	}
	if got := storetest.Need(h.Clients.Get(h.Ctx, c.ID))(h); got.Revision != 1 {
		t.Errorf("a refused change made revision %d", got.Revision)
	}
}

func TestClientIDsAreUniqueAndPlain(t *testing.T) {
	h := storetest.NewHouse(t)
	create := func(id string) error {
		_, err := h.Clients.Create(h.Ctx, storage.Operator,
			apps.NewClient{ID: id, Metadata: storetest.WebMetadata(), Secret: []byte("x")})
		return err
	}
	h.Ok(create("demo"))
	storetest.WantTaken(t, create("demo"), "client_id")
	for _, id := range []string{"a b", "a:b", "ä", "a/b", "a%41", "a\n", strings.Repeat("a", 129)} {
		storetest.WantInvalid(t, create(id), "client_id")
	}
	h.Ok(create("Demo")) // RFC 6749: case matters
	if c := storetest.Need(h.Clients.Create(h.Ctx, storage.Operator,
		apps.NewClient{Metadata: storetest.WebMetadata(), Secret: []byte("x")}))(h); c.ID == "" ||
		c.ID == c.UID.String() {
		t.Errorf("a fresh id is %q", c.ID)
	}
	got := h.AtOnce(20, func(int) string { return storetest.Outcome(create("raced")) })
	if got["done"] != 1 {
		t.Errorf("%v", got)
	}
}

func TestASecretGoesWithAConfidentialClientAndWithNoOther(t *testing.T) {
	h := storetest.NewHouse(t)
	public := storetest.WebMetadata()
	public.TokenEndpointAuthMethod = apps.AuthMethodNone
	_, err := h.Clients.Create(h.Ctx, storage.Operator, apps.NewClient{Metadata: storetest.WebMetadata()})
	storetest.WantInvalid(t, err, "token_endpoint_auth_method")
	_, err = h.Clients.Create(h.Ctx, storage.Operator, apps.NewClient{Metadata: public, Secret: []byte("x")})
	storetest.WantInvalid(t, err, "token_endpoint_auth_method")
	h.Client("demo")
	c := storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, public))(h)
	if len(c.Secrets) != 0 {
		t.Error("a public client kept a secret")
	}
	_, err = h.Clients.AddSecret(h.Ctx, storage.Operator, "demo", []byte("x"), "", 0)
	storetest.WantInvalid(t, err, "token_endpoint_auth_method")
	c = storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, storetest.WebMetadata()))(h)
	if len(c.LiveSecrets(h.Clock.Now())) != 0 {
		t.Error("an old secret came back")
	}
	if c = storetest.Need(h.Clients.AddSecret(h.Ctx, storage.Operator, "demo", []byte("new"), "wxyz",
		0))(h); len(c.Secrets) != 1 {
		t.Errorf("%+v", c.Secrets)
	}
	_, err = h.Clients.AddSecret(h.Ctx, storage.Operator, "demo", nil, "", 0)
	storetest.WantInvalid(t, err, "client_secret")
}

func TestSecretsOverlapForAsLongAsWasSaidAndNoLonger(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Client("demo")
	live := func() (all []string) {
		for _, s := range storetest.Need(h.Clients.Get(h.Ctx, "demo"))(h).LiveSecrets(h.Clock.Now()) {
			all = append(all, string(s.Hash))
		}
		return all
	}
	add := func(hash string, overlap time.Duration) error {
		_, err := h.Clients.AddSecret(h.Ctx, storage.Operator, "demo", []byte(hash), "", overlap)
		return err
	}
	h.Ok(add("two", time.Hour))
	h.Ok(add("three", 2*time.Hour)) // does not prolong the first
	if got := live(); !slices.Equal(got, []string{"three", "two", "hash"}) {
		t.Errorf("%q", got)
	}
	h.Clock.Add(time.Hour)
	if got := live(); !slices.Equal(got, []string{"three", "two"}) {
		t.Errorf("%q", got)
	}
	h.Clock.Add(time.Hour)
	if got := live(); !slices.Equal(got, []string{"three"}) {
		t.Errorf("%q", got)
	}
	for _, hash := range []string{"4", "5", "6", "7"} {
		h.Ok(add(hash, time.Hour))
	}
	storetest.WantInvalid(t, add("8", time.Hour), "client_secret")
	h.Ok(add("9", 0))
	if got := live(); !slices.Equal(got, []string{"9"}) {
		t.Errorf("%q", got)
	}
}

func TestAChangeOfAnotherRevisionIsStale(t *testing.T) {
	h := storetest.NewHouse(t)
	c := h.Client("demo")
	m := storetest.WebMetadata()
	m.ClientName = "First"
	changed := storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, "demo", c.Revision, m))(h)
	m.ClientName = "Second"
	_, err := h.Clients.Change(h.Ctx, storage.Operator, "demo", c.Revision, m)
	storetest.WantErr(t, err, storage.ErrStale)
	if got := storetest.Need(h.Clients.Get(h.Ctx, "demo"))(h); got.Name() != "First" ||
		got.Revision != changed.Revision || got.Revision != 2 {
		t.Errorf("%+v", got)
	}
	got := h.AtOnce(20, func(int) string {
		_, err := h.Clients.Change(h.Ctx, storage.Operator, "demo", changed.Revision, m)
		return storetest.Outcome(err)
	})
	if got["done"] != 1 {
		t.Errorf("%v", got)
	}
}

// A script that makes a client anew takes less than a second, and clocks are set back.
func TestNoTokenOutlivesAClientAddedAgainUnderItsID(t *testing.T) {
	for suspended := range 3 {
		h := storetest.NewHouse(t)
		h.Client("robot")
		for range suspended {
			storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, "robot", apps.ClientSuspended))(h)
			storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, "robot", apps.ClientApproved))(h)
		}
		c := storetest.Need(h.Clients.Get(h.Ctx, "robot"))(h)
		token := apps.ClientToken{ClientID: "robot", Epoch: c.Epoch, Token: []byte("t"),
			Expires: h.Clock.Now().Add(time.Hour)}
		storetest.Need(h.Clients.OfToken(h.Ctx, token))(h)
		h.Ok(h.Clients.Delete(h.Ctx, storage.Operator, "robot"))
		h.Clock.Add(time.Duration(suspended) * time.Second)
		again := h.Client("robot")
		if _, err := h.Clients.OfToken(h.Ctx, token); err != apps.DeadClient {
			t.Errorf("suspended %d times, and added again as many seconds later: %v", suspended, err)
		}
		if again.Epoch >= 1<<31 { // tokens have 32 bits for it, and it grows
			t.Errorf("the epoch is %d", again.Epoch)
		}
	}
}

func TestAClientCanBeSuspendedWhateverTheRulesHaveBecome(t *testing.T) {
	h := storetest.NewHouse(t)
	c := h.Client("demo")
	c.Metadata.RedirectURIs = []string{"http://user@old.example/#allowed-once"} // as an older version took it
	h.Plant(func(f *store.Floors, w storetest.Writer) error { return f.Apps.Clients.Put(w, c) })
	if c = storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, "demo", apps.ClientSuspended))(h); c.Live() {
		t.Error("still live")
	}
	_, err := h.Clients.SetState(h.Ctx, storage.Operator, "demo", apps.ClientApproved)
	storetest.WantInvalid(t, err, "redirect_uris")
	_, err = h.Clients.SetState(h.Ctx, storage.Operator, "demo", "retired")
	storetest.WantInvalid(t, err, "state")
	_, err = h.Clients.SetState(h.Ctx, storage.Operator, "nobody", apps.ClientApproved)
	storetest.WantErr(t, err, storage.ErrNotFound)
	_, err = h.Clients.Create(h.Ctx, storage.Operator,
		apps.NewClient{State: "retired", Metadata: storetest.WebMetadata(), Secret: []byte("x")})
	storetest.WantInvalid(t, err, "state")
}

func TestOnlyApprovedClientsAreLive(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Client("demo")
	for _, state := range []apps.ClientState{apps.ClientDraft, apps.ClientSubmitted, apps.ClientApproved,
		apps.ClientRejected, apps.ClientSuspended} {
		if c := storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, "demo",
			state))(h); c.Live() != (state == apps.ClientApproved) {
			t.Errorf("%s: live %v", state, c.Live())
		}
	}
}

func TestClientsAreListedByIDAndInPages(t *testing.T) {
	h := storetest.NewHouse(t)
	for _, id := range []string{"c", "a", "b-", "b"} {
		h.Client(id)
	}
	var got []string
	for after := []byte(nil); ; {
		page, next, err := h.Clients.List(h.Ctx, after, 3)
		h.Ok(err)
		for _, c := range page {
			got = append(got, c.ID)
		}
		if after = next; after == nil {
			break
		}
	}
	if !slices.Equal(got, []string{"a", "b", "b-", "c"}) {
		t.Errorf("%q", got)
	}
}

func TestAPublicClientHasNoTokensOfItsOwnAndNoLastingOnes(t *testing.T) {
	h := storetest.NewHouse(t)
	for field, change := range map[string]func(*apps.Metadata){
		"grant_types": func(m *apps.Metadata) {
			m.GrantTypes = []string{apps.GrantTypeCode,
				apps.GrantTypeClientCredentials}
		},
		"refresh_token_reuse": func(m *apps.Metadata) { m.RefreshTokenReuse = true },
	} {
		m := storetest.WebMetadata()
		m.TokenEndpointAuthMethod = apps.AuthMethodNone
		change(&m)
		_, err := h.Clients.Create(h.Ctx, storage.Operator, apps.NewClient{Metadata: m})
		storetest.WantInvalid(t, err, field)
	}
}
