package storage

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhatAClientLeavesOutHasTheRegisteredDefaults(t *testing.T) {
	h := newHouse(t)
	m := h.client("demo").Metadata
	if m.TokenEndpointAuthMethod != AuthMethodBasic || !slices.Equal(m.GrantTypes, []string{GrantTypeCode}) ||
		!slices.Equal(m.ResponseTypes, []string{"code"}) || m.ApplicationType != ApplicationWeb ||
		m.IDTokenSignedResponseAlg != "" || !slices.Equal(m.Scopes, append(StandardScopes(), ScopeGroups)) {
		t.Errorf("%+v", m)
	}
}

func TestGroupsAreAmongTheDefaultsOfAnAdministratorsClientsAlone(t *testing.T) {
	h := newHouse(t)
	for _, owner := range []ID{{}, h.user("ada").ID} {
		c := need(h.Clients.Create(h.ctx, Operator, NewClient{Metadata: webMetadata(), Owner: owner, Secret: []byte("hash")}))(h)
		m := webMetadata()
		m.Scopes = nil // cleared: the defaults again
		again := need(h.Clients.Change(h.ctx, Operator, c.ID, 0, m))(h)
		for _, c := range []*Client{c, again} {
			if has := slices.Contains(c.Metadata.Scopes, ScopeGroups); has != owner.IsZero() {
				t.Errorf("owner %v: %q", owner, c.Metadata.Scopes)
			}
		}
	}
}

func TestMetadataOutsideTheRulesIsRefused(t *testing.T) {
	h := newHouse(t)
	c := h.client("demo")
	for _, row := range []struct {
		field  string
		change func(*Metadata)
	}{
		{"client_name", func(m *Metadata) { m.ClientName = " " }},
		{"client_name", func(m *Metadata) { m.ClientName = strings.Repeat("x", 101) }},
		{"client_name", func(m *Metadata) { m.ClientName = "Bank\u202e" }},
		{"client_name", func(m *Metadata) { m.ClientName = "a\nb" }},
		{"redirect_uris", func(m *Metadata) { m.RedirectURIs = nil }},
		{"redirect_uris", func(m *Metadata) { m.RedirectURIs = []string{"http://x.example/#"} }},
		{"redirect_uris", func(m *Metadata) { m.RedirectURIs = slices.Repeat([]string{"https://app.example/cb"}, 51) }},
		{"post_logout_redirect_uris", func(m *Metadata) { m.PostLogoutRedirectURIs = []string{"javascript:alert(1)"} }},
		{"post_logout_redirect_uris", func(m *Metadata) { m.PostLogoutRedirectURIs = slices.Repeat([]string{"https://app.example/"}, 51) }},
		{"grant_types", func(m *Metadata) { m.GrantTypes = []string{GrantTypeCode, "implicit"} }},
		{"grant_types", func(m *Metadata) { m.GrantTypes = []string{GrantTypeCode, GrantTypeCode} }},
		{"response_types", func(m *Metadata) { m.ResponseTypes = []string{"token"} }},
		{"response_types", func(m *Metadata) {
			m.GrantTypes, m.ResponseTypes = []string{GrantTypeClientCredentials}, []string{"code"}
		}},
		{"grant_types", func(m *Metadata) { m.GrantTypes, m.ResponseTypes = []string{GrantTypeRefresh}, nil }},
		{"access_token_format", func(m *Metadata) { m.AccessTokenFormat = "saml" }},
		{"token_endpoint_auth_method", func(m *Metadata) { m.TokenEndpointAuthMethod = "client_secret_jwt" }},
		{"application_type", func(m *Metadata) { m.ApplicationType = "desktop" }},
		{"id_token_signed_response_alg", func(m *Metadata) { m.IDTokenSignedResponseAlg = "none" }},
		{"id_token_signed_response_alg", func(m *Metadata) { m.IDTokenSignedResponseAlg = "HS256" }},
		{"scope", func(m *Metadata) { m.Scopes = []string{"openid", "godmode"} }},
		{"scope", func(m *Metadata) { m.Scopes = []string{"openid", "openid"} }},
		{"optional_scopes", func(m *Metadata) { m.Scopes, m.OptionalScopes = []string{"openid"}, []string{"email"} }},
		{"optional_scopes", func(m *Metadata) { m.OptionalScopes = []string{"openid"} }},
		{"client_uri", func(m *Metadata) { m.ClientURI = "javascript:alert(1)" }},
		{"policy_uri", func(m *Metadata) { m.PolicyURI = "ftp://x" }},
		{"tos_uri", func(m *Metadata) { m.TosURI = "https://a@b/" }},
		{"initiate_login_uri", func(m *Metadata) { m.InitiateLoginURI = "/x" }},
		{"contacts", func(m *Metadata) { m.Contacts = []string{"nobody"} }},
		{"contacts", func(m *Metadata) { m.Contacts = []string{""} }},
		{"contacts", func(m *Metadata) { m.Contacts = slices.Repeat([]string{"a@b.c"}, 11) }},
	} {
		m := webMetadata()
		row.change(&m)
		_, err := h.Clients.Change(h.ctx, Operator, c.ID, 0, m)
		wantInvalid(t, err, row.field)
		_, err = h.Clients.Create(h.ctx, Operator, NewClient{Metadata: m, Secret: []byte("x")})
		if row.field != "token_endpoint_auth_method" || err == nil {
			wantInvalid(t, err, row.field)
		}
	}
	if got := need(h.Clients.Get(h.ctx, c.ID))(h); got.Revision != 1 {
		t.Errorf("a refused change made revision %d", got.Revision)
	}
}

func TestClientIDsAreUniqueAndPlain(t *testing.T) {
	h := newHouse(t)
	create := func(id string) error {
		_, err := h.Clients.Create(h.ctx, Operator, NewClient{ID: id, Metadata: webMetadata(), Secret: []byte("x")})
		return err
	}
	h.ok(create("demo"))
	wantTaken(t, create("demo"), "client_id")
	for _, id := range []string{"a b", "a:b", "ä", "a/b", "a%41", "a\n", strings.Repeat("a", 129)} {
		wantInvalid(t, create(id), "client_id")
	}
	h.ok(create("Demo")) // RFC 6749: case matters
	if c := need(h.Clients.Create(h.ctx, Operator, NewClient{Metadata: webMetadata(), Secret: []byte("x")}))(h); c.ID == "" || c.ID == c.UID.String() {
		t.Errorf("a fresh id is %q", c.ID)
	}
	got := h.atOnce(20, func(int) string { return outcome(create("raced")) })
	if got["done"] != 1 {
		t.Errorf("%v", got)
	}
}

func TestASecretGoesWithAConfidentialClientAndWithNoOther(t *testing.T) {
	h := newHouse(t)
	public := webMetadata()
	public.TokenEndpointAuthMethod = AuthMethodNone
	_, err := h.Clients.Create(h.ctx, Operator, NewClient{Metadata: webMetadata()})
	wantInvalid(t, err, "token_endpoint_auth_method")
	_, err = h.Clients.Create(h.ctx, Operator, NewClient{Metadata: public, Secret: []byte("x")})
	wantInvalid(t, err, "token_endpoint_auth_method")
	h.client("demo")
	c := need(h.Clients.Change(h.ctx, Operator, "demo", 0, public))(h)
	if len(c.Secrets) != 0 {
		t.Error("a public client kept a secret")
	}
	_, err = h.Clients.AddSecret(h.ctx, Operator, "demo", []byte("x"), "", 0)
	wantInvalid(t, err, "token_endpoint_auth_method")
	c = need(h.Clients.Change(h.ctx, Operator, "demo", 0, webMetadata()))(h)
	if len(c.LiveSecrets(h.clock.Now())) != 0 {
		t.Error("an old secret came back")
	}
	if c = need(h.Clients.AddSecret(h.ctx, Operator, "demo", []byte("new"), "wxyz", 0))(h); len(c.Secrets) != 1 {
		t.Errorf("%+v", c.Secrets)
	}
	_, err = h.Clients.AddSecret(h.ctx, Operator, "demo", nil, "", 0)
	wantInvalid(t, err, "client_secret")
}

func TestSecretsOverlapForAsLongAsWasSaidAndNoLonger(t *testing.T) {
	h := newHouse(t)
	h.client("demo")
	live := func() (all []string) {
		for _, s := range need(h.Clients.Get(h.ctx, "demo"))(h).LiveSecrets(h.clock.Now()) {
			all = append(all, string(s.Hash))
		}
		return all
	}
	add := func(hash string, overlap time.Duration) error {
		_, err := h.Clients.AddSecret(h.ctx, Operator, "demo", []byte(hash), "", overlap)
		return err
	}
	h.ok(add("two", time.Hour))
	h.ok(add("three", 2*time.Hour)) // does not prolong the first
	if got := live(); !slices.Equal(got, []string{"three", "two", "hash"}) {
		t.Errorf("%q", got)
	}
	h.clock.add(time.Hour)
	if got := live(); !slices.Equal(got, []string{"three", "two"}) {
		t.Errorf("%q", got)
	}
	h.clock.add(time.Hour)
	if got := live(); !slices.Equal(got, []string{"three"}) {
		t.Errorf("%q", got)
	}
	for _, hash := range []string{"4", "5", "6", "7"} {
		h.ok(add(hash, time.Hour))
	}
	wantInvalid(t, add("8", time.Hour), "client_secret")
	h.ok(add("9", 0))
	if got := live(); !slices.Equal(got, []string{"9"}) {
		t.Errorf("%q", got)
	}
}

func TestAChangeOfAnotherRevisionIsStale(t *testing.T) {
	h := newHouse(t)
	c := h.client("demo")
	m := webMetadata()
	m.ClientName = "First"
	changed := need(h.Clients.Change(h.ctx, Operator, "demo", c.Revision, m))(h)
	m.ClientName = "Second"
	_, err := h.Clients.Change(h.ctx, Operator, "demo", c.Revision, m)
	wantErr(t, err, ErrStale)
	if got := need(h.Clients.Get(h.ctx, "demo"))(h); got.Name() != "First" || got.Revision != changed.Revision || got.Revision != 2 {
		t.Errorf("%+v", got)
	}
	got := h.atOnce(20, func(int) string {
		_, err := h.Clients.Change(h.ctx, Operator, "demo", changed.Revision, m)
		return outcome(err)
	})
	if got["done"] != 1 {
		t.Errorf("%v", got)
	}
}

// A script that makes a client anew takes less than a second, and clocks are set back.
func TestNoTokenOutlivesAClientAddedAgainUnderItsID(t *testing.T) {
	for suspended := range 3 {
		h := newHouse(t)
		h.client("robot")
		for range suspended {
			need(h.Clients.SetState(h.ctx, Operator, "robot", ClientSuspended))(h)
			need(h.Clients.SetState(h.ctx, Operator, "robot", ClientApproved))(h)
		}
		c := need(h.Clients.Get(h.ctx, "robot"))(h)
		token := ClientToken{ClientID: "robot", Epoch: c.Epoch, Token: []byte("t"), Expires: h.clock.Now().Add(time.Hour)}
		need(h.Clients.OfToken(h.ctx, token))(h)
		h.ok(h.Clients.Delete(h.ctx, Operator, "robot"))
		h.clock.add(time.Duration(suspended) * time.Second)
		again := h.client("robot")
		if _, err := h.Clients.OfToken(h.ctx, token); err != DeadClient {
			t.Errorf("suspended %d times, and added again as many seconds later: %v", suspended, err)
		}
		if again.Epoch >= 1<<31 { // tokens have 32 bits for it, and it grows
			t.Errorf("the epoch is %d", again.Epoch)
		}
	}
}

func TestAClientCanBeSuspendedWhateverTheRulesHaveBecome(t *testing.T) {
	h := newHouse(t)
	c := h.client("demo")
	c.Metadata.RedirectURIs = []string{"http://user@old.example/#allowed-once"} // as an older version took it
	h.plant(func(b *base, w writer) error { return b.clients.put(w, c) })
	if c = need(h.Clients.SetState(h.ctx, Operator, "demo", ClientSuspended))(h); c.Live() {
		t.Error("still live")
	}
	_, err := h.Clients.SetState(h.ctx, Operator, "demo", ClientApproved)
	wantInvalid(t, err, "redirect_uris")
	_, err = h.Clients.SetState(h.ctx, Operator, "demo", "retired")
	wantInvalid(t, err, "state")
	_, err = h.Clients.SetState(h.ctx, Operator, "nobody", ClientApproved)
	wantErr(t, err, ErrNotFound)
	_, err = h.Clients.Create(h.ctx, Operator, NewClient{State: "retired", Metadata: webMetadata(), Secret: []byte("x")})
	wantInvalid(t, err, "state")
}

func TestOnlyApprovedClientsAreLive(t *testing.T) {
	h := newHouse(t)
	h.client("demo")
	for _, state := range []ClientState{ClientDraft, ClientSubmitted, ClientApproved, ClientRejected, ClientSuspended} {
		if c := need(h.Clients.SetState(h.ctx, Operator, "demo", state))(h); c.Live() != (state == ClientApproved) {
			t.Errorf("%s: live %v", state, c.Live())
		}
	}
}

func TestClientsAreListedByIDAndInPages(t *testing.T) {
	h := newHouse(t)
	for _, id := range []string{"c", "a", "b-", "b"} {
		h.client(id)
	}
	var got []string
	for after := []byte(nil); ; {
		page, next, err := h.Clients.List(h.ctx, after, 3)
		h.ok(err)
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
	h := newHouse(t)
	for field, change := range map[string]func(*Metadata){
		"grant_types":         func(m *Metadata) { m.GrantTypes = []string{GrantTypeCode, GrantTypeClientCredentials} },
		"refresh_token_reuse": func(m *Metadata) { m.RefreshTokenReuse = true },
	} {
		m := webMetadata()
		m.TokenEndpointAuthMethod = AuthMethodNone
		change(&m)
		_, err := h.Clients.Create(h.ctx, Operator, NewClient{Metadata: m})
		wantInvalid(t, err, field)
	}
}
