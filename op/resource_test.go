package op

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/op/authorize"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/bolt"
	"latchkey/storage/policy"

	"pgregory.net/rapid"
)

const (
	ordersURI = "https://orders.example"
	billsURI  = "https://bills.example/v1"
)

// resource registers an API whose scopes are NAME:read and NAME:write.
func (h *house) resource(identifier, name string) *apps.Resource {
	h.t.Helper()
	return must(h.store.Resources.Create(context.Background(), storage.Operator, policy.Once{}, apps.NewResource{
		Identifier: identifier, Name: name, Secret: h.ring.HashClientSecret(h.secret), Scopes: []apps.ResourceScope{
			{Name: name + ":read", Words: "see your " + name}, {Name: name + ":write", Words: "change your " + name}}}))
}

// shop is a house with two APIs, whose client may ask for scopes of both, and a robot.
type shop struct {
	*house
	orders, bills *apps.Resource
}

func newShop(t testing.TB) shop {
	h := newHouse(t)
	s := shop{house: h, orders: h.resource(ordersURI, "orders"), bills: h.resource(billsURI, "bills")}
	h.change(webID, func(m *apps.Metadata) {
		refreshing(m)
		m.Scopes = append(m.Scopes, "orders:read", "orders:write", "bills:read")
	})
	h.client("robot", func(m *apps.Metadata) {
		ownGrant(m)
		m.Scopes = []string{"openid", "orders:read", "bills:read", "bills:write"}
	})
	return s
}

// asking is an authorization request for scopes, about resources.
func asking(scope string, resources ...string) url.Values {
	q := authorization("scope", scope)
	if len(resources) > 0 {
		q["resource"] = resources
	}
	return q
}

// about names resources in a token request.
func about(form url.Values, resources ...string) url.Values {
	form = clone(form)
	form["resource"] = resources
	return form
}

func audOf(v any) (aud []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			aud = append(aud, one.(string))
		}
	}
	return aud
}

func TestARequestNamesResourcesItCanHave(t *testing.T) {
	s := newShop(t)
	empty := s.resource("https://empty.example", "empty") // of which the client may ask nothing
	must(s.store.Resources.Disable(context.Background(), storage.Operator,
		s.resource("https://off.example", "off").ID, true))
	s.change(webID, func(m *apps.Metadata) { m.Scopes = append(m.Scopes, "off:read") })
	b := s.signedIn()
	for name, c := range map[string]struct {
		ask  url.Values
		want string // the scope that comes of it, or the error
		text string
	}{
		"no resource: scopes decide": {asking("openid orders:read bills:read"),
			"openid orders:read bills:read", ""},
		"one of two": {asking("openid orders:read bills:read", ordersURI),
			"openid orders:read", ""},
		"both": {asking("orders:read bills:read", ordersURI, billsURI),
			"orders:read bills:read", ""},
		"the same twice":                  {asking("orders:read", ordersURI, ordersURI), "orders:read", ""},
		"with an empty path as a slash":   {asking("orders:read", ordersURI+"/"), "orders:read", ""},
		"alone":                           {asking("", ordersURI), "orders:read orders:write", ""},
		"alone, of which not all allowed": {asking("openid", billsURI), "openid bills:read", ""},
		"the provider itself":             {asking("openid orders:read", issuer), "openid", ""},
		"the provider and an API":         {asking("openid", issuer, ordersURI), "openid orders:read orders:write", ""},
		"the provider, nothing of it":     {asking("orders:read", issuer), "invalid_scope", "none of the scopes"},
		"a scope not allowed of it":       {asking("openid bills:write", billsURI), "invalid_target", billsURI},
		"nothing allowed of it": {asking("openid", empty.Identifier), "invalid_target",
			"may not ask for the scopes of the resource https://empty.example"},
		"another that is unknown": {asking("openid", ordersURI, "https://x.example"), "invalid_target",
			"https://x.example is not registered"},
		"a path more":                    {asking("openid", ordersURI+"/x"), "invalid_target", "not registered"},
		"relative":                       {asking("openid", "/orders"), "invalid_target", "absolute URI"},
		"a name":                         {asking("openid", "orders"), "invalid_target", "absolute URI"},
		"left empty":                     {asking("openid", ""), "openid", ""},
		"a fragment":                     {asking("openid", ordersURI+"#x"), "invalid_target", "no fragment"},
		"disabled":                       {asking("openid", "https://off.example"), "invalid_target", "not in use"},
		"a scope of a disabled one":      {asking("openid off:read"), "openid", ""},
		"only a scope of a disabled one": {asking("off:read"), "invalid_scope", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.login(c.ask)
			if a.code() == "" {
				if wantFault(t, a, c.want); !strings.Contains(a.params.Get("error_description"), c.text) ||
					a.params.Get("state") != "st" {
					t.Errorf("told %v", a.params)
				}
				return
			}
			if v, _ := s.token(webID, redemption(a.code())); v.Scope != c.want {
				t.Errorf("got %+v", v)
			}
		})
	}
}

func TestTooManyScopesAtOnceAreRefused(t *testing.T) {
	s := newShop(t)
	var all []apps.ResourceScope
	var names []string
	for i := range 35 {
		for _, api := range []string{"a", "b"} {
			names = append(names, fmt.Sprint(api, i))
		}
		all = append(all, apps.ResourceScope{Name: fmt.Sprint("a", i), Words: "x"})
	}
	must(s.store.Resources.Change(context.Background(), storage.Operator, s.orders.ID, 0,
		apps.ResourceChange{Scopes: all}))
	for i := range all {
		all[i].Name = fmt.Sprint("b", i)
	}
	must(s.store.Resources.Change(context.Background(), storage.Operator, s.bills.ID, 0,
		apps.ResourceChange{Scopes: all}))
	s.change(webID, func(m *apps.Metadata) { m.Scopes = append(m.Scopes, names...) })
	wantFault(t, s.signedIn().login(asking("", ordersURI, billsURI)), "invalid_scope")
	wantCode(t, s.signedIn().login(asking("", ordersURI)))
}

func TestAResourceIsTakenAtTheTokenEndpointIfItsScopesWereGranted(t *testing.T) {
	const granted = "openid orders:read orders:write offline_access"
	for name, c := range map[string]struct {
		resources []string
		scope     string // refresh only
		want      string // at code, and at refresh without scope
	}{
		"none":                    {nil, "", granted},
		"the API":                 {[]string{ordersURI}, "", "orders:read orders:write"},
		"the provider":            {[]string{issuer}, "", "openid offline_access"},
		"both":                    {[]string{issuer, ordersURI}, "", granted},
		"with a slash":            {[]string{ordersURI + "/"}, "", "orders:read orders:write"},
		"the API, narrower":       {[]string{ordersURI}, "openid orders:read", "orders:read"},
		"another scope than its":  {[]string{ordersURI}, "openid", "invalid_target"},
		"an API not granted":      {[]string{billsURI}, "", "invalid_target"},
		"one granted and one not": {[]string{ordersURI, billsURI}, "", "invalid_target"},
		"unknown":                 {[]string{"https://x.example"}, "", "invalid_target"},
		"no URI":                  {[]string{"orders"}, "", "invalid_target"},
		"left empty":              {[]string{""}, "", granted},
		"a fragment":              {[]string{ordersURI + "#x"}, "", "invalid_target"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			b := s.browser()
			said := func(v tokenAnswer) string {
				if v.Status == http.StatusOK {
					return v.Scope
				}
				if v.Description == "" {
					t.Error("nothing is said")
				}
				return v.Error
			}
			code := b.login(asking(granted)).code()
			if c.scope == "" {
				v, _ := s.token(webID, about(redemption(code), c.resources...))
				if said(v) != c.want {
					t.Errorf("code: %+v", v)
				}
				if v.Status == http.StatusOK && (v.IDToken == "" || s.claims(v)["aud"] != webID) {
					t.Errorf("openid was granted, and the ID token is %q", v.IDToken)
				}
				if v.Status == http.StatusOK {
					return
				}
			}
			// What was refused burns nothing: neither the code nor the refresh token.
			first, _ := s.token(webID, redemption(code))
			if first.Scope != granted {
				t.Fatalf("the code is gone: %+v", first)
			}
			form := refresh(first.RefreshToken)
			if c.scope != "" {
				form.Set("scope", c.scope)
			}
			v, _ := s.token(webID, about(form, c.resources...))
			if said(v) != c.want {
				t.Errorf("refresh: %+v", v)
			}
			if v.RefreshToken == "" {
				v = first
			}
			if next, _ := s.token(webID, refresh(v.RefreshToken)); next.Scope != granted {
				t.Errorf("the chain was narrowed: %+v", next)
			}
		})
	}
}

func TestANarrowedTokenIsGoodForItsResourceAlone(t *testing.T) {
	s := newShop(t)
	v, _ := s.token(webID, about(redemption(s.browser().login(asking("openid orders:read bills:read")).code()),
		ordersURI))
	if resp := s.userinfo(v.AccessToken); decoded[tokenAnswer](t, resp).Error != "insufficient_scope" {
		t.Errorf("userinfo: %d", resp.StatusCode)
	}
	if s.introspected(s.orders.ID.String(), v.AccessToken)["active"] != true ||
		s.introspected(s.bills.ID.String(), v.AccessToken)["active"] != false {
		t.Error("it is good for another API, or not for its own")
	}
	// Without the API it is good for nothing, while what it was narrowed from lives on.
	must(s.store.Resources.Disable(context.Background(), storage.Operator, s.orders.ID, true))
	if got := s.introspected(webID, v.AccessToken); len(got) != 1 || got["active"] != false {
		t.Errorf("its client is told %v", got)
	}
	if s.userinfo(v.AccessToken).StatusCode != http.StatusUnauthorized {
		t.Error("userinfo takes a token that is for nothing")
	}
	for _, form := range []url.Values{refresh(v.RefreshToken, "scope", "orders:read"),
		about(refresh(v.RefreshToken), ordersURI)} {
		out, _ := s.token(webID, form)
		if out.Status != http.StatusBadRequest || out.Error != "invalid_scope" && out.Error != "invalid_target" {
			t.Errorf("refreshed for it: %+v", out)
		}
	}
	if out, _ := s.token(webID, refresh(v.RefreshToken)); out.Scope != "openid bills:read" {
		t.Errorf("refreshed: %+v", out)
	}
}

func TestAClientsOwnTokenIsForTheResourcesItNames(t *testing.T) {
	engine, err := bolt.Open(t.TempDir()+"/db", bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseOn(t, engine)
	h.resource(ordersURI, "orders")
	h.resource(billsURI, "bills")
	h.client("robot", func(m *apps.Metadata) {
		ownGrant(m)
		m.Scopes = []string{"openid", "orders:read", "bills:read", "bills:write"}
	})
	before := h.commits()
	for name, c := range map[string]struct {
		scope     string
		resources []string
		want      string
		aud       []string
	}{
		"nothing":    {"", nil, "bills:read bills:write orders:read", []string{billsURI, ordersURI}},
		"a scope":    {"bills:read", nil, "bills:read", []string{billsURI}},
		"a resource": {"", []string{billsURI}, "bills:read bills:write", []string{billsURI}},
		"two": {"", []string{ordersURI, billsURI}, "bills:read bills:write orders:read",
			[]string{billsURI, ordersURI}},
		"both":                  {"orders:read bills:write", []string{billsURI}, "bills:write", []string{billsURI}},
		"nothing in common":     {"orders:read", []string{billsURI}, "invalid_target", nil},
		"a scope not its own":   {"orders:write", nil, "invalid_scope", nil},
		"an unknown resource":   {"", []string{"https://x.example"}, "invalid_target", nil},
		"the provider":          {"", []string{issuer}, "invalid_target", nil},
		"openid for a resource": {"openid", []string{billsURI}, "invalid_scope", nil},
	} {
		form := about(forItself, c.resources...)
		form.Set("scope", c.scope)
		v, _ := h.token("robot", form)
		if v.Status != http.StatusOK {
			if v.Error != c.want || v.Description == "" {
				t.Errorf("%s: %+v", name, v)
			}
			continue
		}
		if v.Scope != c.want {
			t.Errorf("%s: %+v", name, v)
		}
		if got := audOf(h.introspected("robot", v.AccessToken)["aud"]); !slices.Equal(got, c.aud) {
			t.Errorf("%s: for %q", name, got)
		}
	}
	if h.commits() != before {
		t.Error("it cost a commit")
	}
}

// caller x token: who is told what.
func TestIntrospectionTellsEachCallerWhatIsTheirs(t *testing.T) {
	s := newShop(t)
	s.client("other", nil)
	b := s.browser()
	user := b.tokens(asking("openid email orders:read bills:read offline_access"))
	narrowed, _ := s.token(webID, about(refresh(user.RefreshToken), billsURI))
	plain := b.tokens(asking("openid"))
	own, _ := s.token("robot", about(forItself, ordersURI))
	s.change(webID, func(m *apps.Metadata) { m.AccessTokenFormat = apps.AccessTokenJWT })
	jwt := b.tokens(asking("openid email orders:read bills:read offline_access"))
	orders, bills := s.orders.ID.String(), s.bills.ID.String()
	const inactive = `{"active":false}`
	sub := s.ada.Subject()
	full := func(scope, aud string) string {
		return `client_id=web username=ada sub=` + sub + ` scope=` + scope + ` aud=` + aud
	}
	seen := func(client, sub, scope, aud string) string {
		return `client_id=` + client + ` username=<nil> sub=` + sub + ` scope=` + scope + ` aud=` + aud
	}
	all := full("openid email orders:read bills:read offline_access", "["+issuer+" "+ordersURI+" "+billsURI+"]")
	for _, c := range []struct {
		name, token string
		want        map[string]string // by caller; who is left out is told that it is not active
	}{
		{"a user's token", user.AccessToken, map[string]string{webID: all,
			orders: seen(webID, sub, "orders:read", ordersURI), bills: seen(webID, sub, "bills:read", billsURI)}},
		{"the same as a JWT", jwt.AccessToken, map[string]string{webID: all,
			orders: seen(webID, sub, "orders:read", ordersURI), bills: seen(webID, sub, "bills:read", billsURI)}},
		{"narrowed to one API", narrowed.AccessToken, map[string]string{webID: full("bills:read", billsURI),
			bills: seen(webID, sub, "bills:read", billsURI)}},
		{"for userinfo", plain.AccessToken, map[string]string{webID: full("openid", issuer)}},
		{"a client's own", own.AccessToken, map[string]string{"robot": seen("robot", "robot", "orders:read", ordersURI),
			orders: seen("robot", "robot", "orders:read", ordersURI)}},
		{"a refresh token", narrowed.RefreshToken,
			map[string]string{webID: full("openid email orders:read bills:read offline_access", "<nil>")}},
		{"an ID token", user.IDToken, nil},
		{"rubbish", "x", nil},
	} {
		for _, caller := range []string{webID, "other", "robot", orders, bills} {
			resp := s.ask(oauth.PathIntrospection, caller, c.token)
			got := strings.TrimSpace(body(resp))
			want := inactive
			if c.want[caller] != "" {
				want = c.want[caller]
				v := decoded[map[string]any](t, resp)
				if v["active"] != true || v["iss"] != issuer || c.name != "a refresh token" &&
					(v["exp"] == nil || v["token_type"] != "Bearer") {
					t.Errorf("%s to %s: %v", c.name, caller, v)
				}
				got = fmt.Sprintf("client_id=%v username=%v sub=%v scope=%v aud=%v", v["client_id"], v["username"],
					v["sub"], v["scope"], v["aud"])
			}
			if resp.StatusCode != http.StatusOK || got != want {
				t.Errorf("%s to %s: %d\ngot  %s\nwant %s", c.name, caller, resp.StatusCode, got, want)
			}
		}
	}
	if v := s.introspected(orders, user.AccessToken); v["auth_time"] != nil {
		t.Errorf("a resource is told more than it needs: %v", slices.Sorted(maps.Keys(v)))
	}
}

func TestAResourcesCredentialsOpenNothingButIntrospection(t *testing.T) {
	s := newShop(t)
	v, id := s.browser().tokens(asking("openid orders:read")), s.orders.ID.String()
	for _, grant := range []url.Values{forItself, refresh(v.RefreshToken), redemption("x")} {
		if out, _ := s.token(id, grant); out.Error != "invalid_client" || out.Status != http.StatusUnauthorized {
			t.Errorf("%s: %+v", grant.Get("grant_type"), out)
		}
	}
	if resp := s.ask(oauth.PathRevocation, id, v.AccessToken); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("revocation: %d", resp.StatusCode)
	}
	wantPage(t, s.signedIn().authorize(authorization("client_id", id)), frontchannel.RefusedClient)
	if s.userinfo(v.AccessToken).StatusCode != http.StatusOK {
		t.Error("it revoked the token")
	}
}

func TestAResourceAuthenticatesByHeaderOrBodyAndLooksTheSameWhateverIsWrong(t *testing.T) {
	s := newShop(t)
	v, id := s.browser().tokens(asking("orders:read")), s.orders.ID.String()
	ask := func(change func(*http.Request, url.Values)) (int, string) {
		form := url.Values{"token": {v.AccessToken}}
		r := formRequest(oauth.PathIntrospection, form)
		change(r, form)
		sent := formRequest(oauth.PathIntrospection, form)
		sent.Header = r.Header
		resp := s.do(sent)
		return resp.StatusCode, strings.TrimSpace(body(resp))
	}
	body := func(id, secret string) func(*http.Request, url.Values) {
		return func(_ *http.Request, f url.Values) { f.Set("client_id", id); f.Set("client_secret", secret) }
	}
	basic := func(id, secret string) func(*http.Request, url.Values) {
		return func(r *http.Request, _ url.Values) { r.SetBasicAuth(id, secret) }
	}
	for name, change := range map[string]func(*http.Request, url.Values){"body": body(id, s.secret),
		"header": basic(id, s.secret),
		"header, id and an empty secret in the body too": func(r *http.Request,
			f url.Values) {
			basic(id, s.secret)(r, f)
			body(id, "")(r, f)
		}} {
		if status, text := ask(change); status != http.StatusOK || !strings.Contains(text, `"active":true`) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	_, unknown := ask(basic("nobody", s.secret))
	_, without := ask(body("nobody", ""))
	for name, who := range map[string]string{"a resource": id, "an unknown id": storage.ID{7}.String(),
		"a client": webID} {
		for place, change := range map[string]func(*http.Request, url.Values){"body": body(who, ""),
			"header": basic(who, "")} {
			if status, text := ask(change); status != http.StatusUnauthorized || text != without {
				t.Errorf("%s without a secret in the %s: %d %s", name, place, status, text)
			}
		}
	}
	for name, change := range map[string]func(*http.Request, url.Values){
		"a wrong secret": basic(id, "x"), "a wrong secret in the body": body(id, "x"),
		"the identifier for the id": basic(ordersURI, s.secret),
		"an unknown id":             basic(storage.ID{7}.String(), s.secret),
	} {
		if status, text := ask(change); status != http.StatusUnauthorized || text != unknown {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, _ := ask(func(r *http.Request,
		f url.Values) {
		basic(id, s.secret)(r, f)
		f.Set("client_secret", s.secret)
	}); status != http.StatusBadRequest {
		t.Errorf("in two ways: %d", status)
	}
	must(s.store.Resources.RemoveSecret(context.Background(), storage.Operator, s.orders.ID, s.orders.Secrets[0].ID))
	if status, text := ask(basic(id, s.secret)); status != http.StatusUnauthorized || text != unknown {
		t.Errorf("a secret removed: %d %s", status, text)
	}
	if strings.Contains(s.log.String(), s.secret) || strings.Contains(s.log.String(), v.AccessToken) {
		t.Error("the log has a secret")
	}
}

func TestAClientsOwnTokenEndsWithItsResource(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(shop){
		"disabled": func(s shop) { must(s.store.Resources.Disable(ctx, storage.Operator, s.orders.ID, true)) },
		"deleted":  func(s shop) { mustNot(s.store.Resources.Delete(ctx, storage.Operator, s.orders.ID)) },
		"taken from the client": func(s shop) {
			s.change("robot", func(m *apps.Metadata) { m.Scopes = []string{"openid", "bills:read"} })
		},
	} {
		s := newShop(t)
		one, _ := s.token("robot", about(forItself, ordersURI))
		both, _ := s.token("robot", forItself)
		end(s)
		if got := s.introspected("robot", one.AccessToken); len(got) != 1 || got["active"] != false {
			t.Errorf("%s: %v", name, got)
		}
		if got := s.introspected("robot", both.AccessToken); got["active"] != true ||
			fmt.Sprint(got["aud"]) != billsURI {
			t.Errorf("%s: what is left is %v", name, got)
		}
		if got := s.introspected(s.bills.ID.String(), both.AccessToken); got["active"] != true {
			t.Errorf("%s: the other API is told %v", name, got)
		}
		if out, _ := s.token("robot", about(forItself, ordersURI)); out.Error != "invalid_target" {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

// A token that was revoked while its resource was away stays revoked.
func TestATokenRevokedWhileItsResourceIsDisabledStaysRevoked(t *testing.T) {
	s, ctx := newShop(t), context.Background()
	v, _ := s.token("robot", about(forItself, ordersURI))
	must(s.store.Resources.Disable(ctx, storage.Operator, s.orders.ID, true))
	if resp := s.ask(oauth.PathRevocation, "robot", v.AccessToken); resp.StatusCode != http.StatusOK {
		t.Errorf("%d", resp.StatusCode)
	}
	must(s.store.Resources.Disable(ctx, storage.Operator, s.orders.ID, false))
	if got := s.introspected("robot", v.AccessToken); got["active"] != false {
		t.Errorf("%v", got)
	}
}

func TestDiscoveryFollowsTheResources(t *testing.T) {
	h := newHouse(t)
	look := func() (scopes, resources string, tag string) {
		resp := h.get(oauth.PathDiscovery)
		d := decoded[map[string]any](t, resp)
		return fmt.Sprint(d["scopes_supported"]), fmt.Sprint(d["protected_resources"]), resp.Header.Get("Etag")
	}
	standard, _, before := look()
	r := h.resource(ordersURI, "orders")
	if scopes, resources, tag := look(); !strings.HasSuffix(scopes, "offline_access orders:read orders:write]") ||
		resources != "["+ordersURI+"]" || tag == before {
		t.Errorf("%s %s %s", scopes, resources, tag)
	}
	must(h.store.Resources.Disable(context.Background(), storage.Operator, r.ID, true))
	if scopes, resources, tag := look(); scopes != standard || resources != "<nil>" || tag != before {
		t.Errorf("%s %s %s", scopes, resources, tag)
	}
}

func TestConsentSaysWhatAnAPIsScopesMean(t *testing.T) {
	s := newShop(t)
	b := s.signedIn()
	a := b.authorize(asking("openid orders:read bills:read", ordersURI))
	wantStep(t, a, authorize.PathConsent)
	var words []string
	for _, ask := range b.look(a).Asks {
		words = append(words, ask.Scope+": "+ask.Words)
	}
	if want := []string{"openid: know that it is you", "orders:read: see your orders"}; !slices.Equal(words, want) {
		t.Errorf("shown %q", words)
	}
	// What the API calls it now is what was not yet seen: it is shown again.
	digest := b.look(a).Digest
	must(s.store.Resources.Change(context.Background(), storage.Operator, s.orders.ID, 0, apps.ResourceChange{
		Scopes: []apps.ResourceScope{{Name: "orders:read", Words: "see all you ever ordered"}}}))
	a = b.read(b.post(a.step, url.Values{"action": {"allow"}, "digest": {digest}}))
	wantStep(t, b.read(b.get(a.step)), authorize.PathConsent)
}

func TestAnAudienceIsAStringOrAnArrayOfSeveral(t *testing.T) {
	for want, a := range map[string]oauth.Audience{`"a"`: {"a"}, `["a","b"]`: {"a", "b"}} {
		if got, err := json.Marshal(a); err != nil || string(got) != want {
			t.Errorf("%s, %v", got, err)
		}
	}
}

// The rule that all rests on, over random requests: a token's audience is who owns
// its scopes, and what a request narrows its token to never narrows, or widens, what
// comes after.
func TestTheAudienceIsAlwaysWhoOwnsTheScopes(t *testing.T) {
	s := newShop(t)
	s.change(webID, func(m *apps.Metadata) { m.Scopes = append(m.Scopes, "bills:write") })
	owner := map[string]string{"openid": issuer, "email": issuer, "offline_access": issuer, "orders:read": ordersURI,
		"orders:write": ordersURI, "bills:read": billsURI, "bills:write": billsURI}
	scopes := slices.Sorted(maps.Keys(owner))
	resources := []string{issuer, ordersURI, billsURI}
	ids := map[string]string{ordersURI: s.orders.ID.String(), billsURI: s.bills.ID.String()}
	b := s.signedIn()
	draw := func(t *rapid.T, from []string, name string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, len(from), rapid.ID[string]).Draw(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]string{apps.AccessTokenOpaque, apps.AccessTokenJWT}).Draw(t, "format")
		s.change(webID, func(m *apps.Metadata) { m.AccessTokenFormat = format })
		holds := func(v tokenAnswer, within []string) []string {
			if v.Status != http.StatusOK {
				return nil
			}
			have := strings.Fields(v.Scope)
			var want []string
			for _, scope := range have {
				if !slices.Contains(within, scope) {
					t.Fatalf("%s was never granted: %q", scope, within)
				}
				want = append(want, owner[scope])
			}
			slices.Sort(want)
			want = slices.Compact(want)
			told := s.introspected(webID, v.AccessToken)
			got := audOf(told["aud"])
			if slices.Sort(got); !slices.Equal(got, want) || told["scope"] != v.Scope {
				t.Fatalf("scope %q is for %q, want %q; introspected as %q", v.Scope, got, want, told["scope"])
			}
			if format == apps.AccessTokenJWT {
				claims := s.verifiedAs(v.AccessToken, "RS256", "at+jwt")
				if got := audOf(claims["aud"]); len(got) != len(want) || claims["scope"] != v.Scope {
					t.Fatalf("the JWT is for %q, want %q", got, want)
				}
			}
			for resource, id := range ids {
				if active := s.introspected(id, v.AccessToken)["active"] == true; active != slices.Contains(want,
					resource) {
					t.Fatalf("%s: active %v, of %q", resource, active, want)
				}
			}
			if (s.userinfo(v.AccessToken).StatusCode == http.StatusOK) != slices.Contains(have, "openid") {
				t.Fatalf("userinfo does not agree with %q", have)
			}
			return want
		}
		targets := draw(t, resources, "at authorize")
		a := b.login(asking(strings.Join(draw(t, scopes, "asked"), " "), targets...))
		if a.code() == "" {
			return
		}
		form := redemption(a.code())
		full, _ := s.token(webID, form)
		granted := strings.Fields(full.Scope)
		reaches := holds(full, scopes)
		for _, r := range targets {
			if r != issuer && !slices.Contains(reaches, r) {
				t.Fatalf("%s was named, and the token is for %q", r, reaches)
			}
		}
		for _, r := range reaches {
			if len(targets) > 0 && r != issuer && !slices.Contains(targets, r) {
				t.Fatalf("%s was not named", r)
			}
		}
		now := full
		for range rapid.IntRange(0, 4).Draw(t, "refreshes") {
			form := refresh(now.RefreshToken)
			named := draw(t, resources, "named")
			narrower := draw(t, scopes, "narrower")
			if len(narrower) > 0 {
				form.Set("scope", strings.Join(narrower, " "))
			} else {
				narrower = scopes
			}
			v, _ := s.token(webID, about(form, named...))
			within := slices.DeleteFunc(slices.Clone(granted),
				func(scope string) bool { return !slices.Contains(narrower, scope) })
			got := holds(v, within)
			if v.Status != http.StatusOK {
				if v.Error != "invalid_scope" && v.Error != "invalid_target" {
					t.Fatalf("%+v", v)
				}
				continue
			}
			if slices.Sort(named); len(named) > 0 && !slices.Equal(got, named) {
				t.Fatalf("named %q, and it is for %q", named, got)
			}
			now = v
		}
		if last, _ := s.token(webID, refresh(now.RefreshToken)); now.RefreshToken != "" && last.Scope != full.Scope {
			t.Fatalf("granted %q, and in the end it is %q", full.Scope, last.Scope)
		}
	})
}

// mark makes scopes of the orders API open, and some of them defaults.
func (s shop) mark(open, preset bool, names ...string) {
	s.t.Helper()
	var all []apps.ResourceScope
	for _, name := range s.orders.Scopes {
		sc := apps.ResourceScope{Name: name, Words: "do " + name}
		if slices.Contains(names, name) {
			sc.Open, sc.Default = open, preset
		}
		all = append(all, sc)
	}
	must(s.store.Resources.Change(context.Background(), storage.Operator, s.orders.ID, 0,
		apps.ResourceChange{Scopes: all}))
}

func TestAnOpenScopeIsForEveryApprovedClientThatAsksAPersonForIt(t *testing.T) {
	s := newShop(t)
	s.change(webID, func(m *apps.Metadata) { m.Scopes = []string{"openid", "bills:read"} })
	if v := s.signedIn().tokens(asking("openid orders:read")); v.Scope != "openid" {
		t.Errorf("before it is open: %q", v.Scope)
	}
	s.mark(true, false, "orders:read")
	b := s.browser()
	b.signIn(b.user)
	a := b.toConsent(asking("openid orders:read orders:write"))
	var shown []string
	for _, ask := range b.look(a).Asks {
		shown = append(shown, ask.Scope)
	}
	if !slices.Equal(shown, []string{"openid", "orders:read"}) {
		t.Errorf("the person is shown %q", shown)
	}
	v := b.tokens(asking("openid orders:read orders:write"))
	if v.Scope != "openid orders:read" {
		t.Errorf("granted %q", v.Scope)
	}
	// Closed again it is worth nothing at the very next call.
	active := func() bool {
		r := formRequest(oauth.PathIntrospection, url.Values{"token": {v.AccessToken}})
		r.SetBasicAuth(s.orders.ID.String(), s.secret)
		return decoded[struct{ Active bool }](t, s.do(r)).Active
	}
	if !active() {
		t.Error("the API does not know the token")
	}
	s.mark(false, false)
	if active() {
		t.Error("the scope is closed, and the API knows the token")
	}
}

func TestAnOpenScopeIsNeverAClientsOwn(t *testing.T) {
	s := newShop(t)
	ask := func(change ...string) tokenAnswer {
		form := clone(forItself)
		for i := 0; i < len(change); i += 2 {
			form.Set(change[i], change[i+1])
		}
		v, _ := s.token("robot", form)
		return v
	}
	before := ask("scope", "orders:read") // while it is closed and the robot's
	s.mark(true, true, "orders:read", "orders:write")
	if r := s.do(formRequest(oauth.PathIntrospection,
		url.Values{"token": {before.AccessToken}})); r.StatusCode == http.StatusOK &&
		strings.Contains(body(r), `"active":true`) {
		t.Error("a token of before is good")
	}
	for _, scope := range []string{"orders:read", "orders:write", "bills:read orders:read"} {
		if v := ask("scope", scope); v.Error != "invalid_scope" {
			t.Errorf("%s: %+v", scope, v)
		}
	}
	if v := ask(); v.Scope != "bills:read bills:write" {
		t.Errorf("an empty scope stands for %q", v.Scope)
	}
	if v := ask("resource", ordersURI); v.Error != "invalid_target" {
		t.Errorf("%+v", v)
	}
}

func TestAResourceAloneStandsForOpenScopesOnlyIfTheyAreDefaults(t *testing.T) {
	s := newShop(t)
	s.change(webID, func(m *apps.Metadata) { m.Scopes = []string{"openid"} })
	alone := asking("openid", ordersURI)
	s.mark(true, false, "orders:read", "orders:write")
	if a := s.signedIn().authorize(alone); a.params.Get("error") != "invalid_target" ||
		!strings.Contains(a.params.Get("error_description"), "by its name") {
		t.Errorf("%+v", a)
	}
	s.mark(true, true, "orders:read")
	if v := s.signedIn().tokens(alone); v.Scope != "openid orders:read" {
		t.Errorf("as a default: %q", v.Scope)
	}
	wantFault(t, s.signedIn().authorize(authorization("scope", "")), "invalid_scope")
	a := s.signedIn().authorize(asking("openid", "https://nowhere.example"))
	if text := a.params.Get("error_description"); !strings.Contains(text, "https://nowhere.example") ||
		!strings.Contains(text, "latchkey resource add") {
		t.Errorf("an API that is not registered: %q", text)
	}
}

// Whoever said that nobody need be asked said it of the client's own scopes.
func TestAnOpenScopeIsAskedForWhereConsentIsSkipped(t *testing.T) {
	s := newShop(t)
	s.change(webID, func(m *apps.Metadata) { m.Scopes = []string{"openid"} })
	s.own(true)
	s.mark(true, false, "orders:read")
	b := s.signedIn()
	b.sessions = nil
	b.signIn(s.ada)
	wantCode(t, b.authorize(authorization("scope", "openid")))
	wantStep(t, b.authorize(asking("openid orders:read")), authorize.PathConsent)
	wantFault(t, b.authorize(authorization("scope", "openid orders:read", "prompt", "none")), "consent_required")
}
