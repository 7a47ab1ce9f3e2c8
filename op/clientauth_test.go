package op

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/op/oauth"
	"latchkey/storage"
	"latchkey/storage/apps"
)

func basic(r *http.Request, pair string) {
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
}

// oddSecret is one that form encoding changes.
const oddSecret = "p%41 +&=é:x"

func TestASecretMayComeInHeaderOrBodyAndOtherMethodsOnlyAsRegistered(t *testing.T) {
	h := newHouse(t)
	for _, method := range []string{apps.AuthMethodBasic, apps.AuthMethodPost} {
		h.client("only-"+method, func(m *apps.Metadata) {
			m.TokenEndpointAuthMethod, m.RequireAuthMethod = method, true
		})
	}
	h.client("post", func(m *apps.Metadata) { m.TokenEndpointAuthMethod = apps.AuthMethodPost })
	h.client("public", publicClient)
	h.client("keyed", keyed)
	h.client("suspended", nil)
	must(h.store.Clients.SetState(context.Background(), storage.Operator, "suspended", apps.ClientSuspended))
	must(h.store.Clients.AddSecret(context.Background(), storage.Operator, webID,
		h.ring.HashClientSecret(oddSecret), "", time.Hour))
	good, odd := h.secret, oddSecret
	for name, c := range map[string]struct {
		authorization string // of Basic, before base64
		id, secret    string // in the body
		extra         url.Values
		status        int
		code          string
	}{
		"basic": {authorization: webID + ":" + good, status: 400, code: "invalid_grant"},
		"basic, id repeated": {authorization: webID + ":" + good, id: webID, status: 400,
			code: "invalid_grant"},
		"basic, raw": {authorization: webID + ":" + odd, status: 400, code: "invalid_grant"},
		"basic, form-encoded": {authorization: webID + ":" + url.QueryEscape(odd), status: 400,
			code: "invalid_grant"},
		"post": {id: "post", secret: good, status: 400, code: "invalid_grant"},
		"none": {id: "public", status: 400, code: "invalid_grant"},
		"basic, another id repeated": {authorization: webID + ":" + good, id: "post", status: 400,
			code: "invalid_request"},
		"basic and post": {authorization: webID + ":" + good, id: webID, secret: good, status: 400,
			code: "invalid_request"},
		"basic and a secret": {authorization: webID + ":" + good, secret: good, status: 400,
			code: "invalid_request"},
		"basic for post": {authorization: "post:" + good, status: 400, code: "invalid_grant"},
		"post for basic": {id: webID, secret: good, status: 400, code: "invalid_grant"},
		"basic for only basic": {authorization: "only-client_secret_basic:" + good, status: 400,
			code: "invalid_grant"},
		"basic for only post": {authorization: "only-client_secret_post:" + good, status: 401},
		"post for only post":  {id: "only-client_secret_post", secret: good, status: 400, code: "invalid_grant"},
		"post for only basic": {id: "only-client_secret_basic", secret: good, status: 400},
		"basic, empty secret too": {authorization: webID + ":" + good, id: webID,
			extra: url.Values{"client_secret": {""}}, status: 400, code: "invalid_grant"},
		"none, empty secret too": {id: "public", extra: url.Values{"client_secret": {""}}, status: 400,
			code: "invalid_grant"},
		"none for basic":            {id: webID, status: 400},
		"none for post":             {id: "post", status: 400},
		"basic for none":            {authorization: "public:", status: 400, code: "invalid_grant"},
		"basic for none, a secret":  {authorization: "public:x", status: 401},
		"post for none":             {id: "public", secret: good, status: 400},
		"basic for keys":            {authorization: "keyed:" + good, status: 401},
		"basic for keys, no secret": {authorization: "keyed:", status: 401},
		"post for keys":             {id: "keyed", secret: good, status: 400},
		"none for keys":             {id: "keyed", status: 400},
		"keys": {extra: assert(url.Values{}, h.assertion("keyed", nil)), status: 400,
			code: "invalid_grant"},
		"keys for basic":       {extra: assert(url.Values{}, h.assertion(webID, nil)), status: 400},
		"keys for none":        {extra: assert(url.Values{}, h.assertion("public", nil)), status: 400},
		"unknown, basic":       {authorization: "nobody:" + good, status: 401},
		"unknown, post":        {id: "nobody", secret: good, status: 400},
		"unknown, none":        {id: "nobody", status: 400},
		"wrong secret, basic":  {authorization: webID + ":" + good + "x", status: 401},
		"wrong secret, post":   {id: "post", secret: good + "x", status: 400},
		"empty secret":         {authorization: webID + ":", status: 401},
		"escape in the secret": {authorization: webID + ":%zz", status: 401},
		"suspended":            {authorization: "suspended:" + good, status: 401},
		"nobody":               {status: 400},
		"no id":                {secret: good, status: 400},
		"binary id":            {authorization: "\x00\xff:" + good, status: 401},
		"endless id":           {authorization: strings.Repeat("x", 9000) + ":" + good, status: 401},
		"an assertion": {id: webID,
			extra: url.Values{"client_assertion": {"x.y.z"},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}, status: 400},
		"an assertion whose aud is [1]": {extra: url.Values{"client_assertion": {"eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.eA"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}, status: 400},
		"an assertion of no type": {id: webID, extra: url.Values{"client_assertion": {"x.y.z"}}, status: 400},
		"an assertion of another type": {id: webID,
			extra: url.Values{"client_assertion": {"x"}, "client_assertion_type": {"x"}}, status: 400},
		"an assertion type on its own": {id: "public", extra: url.Values{"client_assertion_type": {"x"}},
			status: 400},
		"basic and an assertion as well": {authorization: webID + ":" + good,
			extra: url.Values{"client_assertion": {"x"}}, status: 400, code: "invalid_request"},
	} {
		form := redemption("lk_ac_x")
		for k, v := range c.extra {
			form[k] = v
		}
		if c.id != "" {
			form.Set("client_id", c.id)
		}
		if c.secret != "" {
			form.Set("client_secret", c.secret)
		}
		r := formRequest(oauth.PathToken, form)
		if c.authorization != "" {
			basic(r, c.authorization)
		}
		if c.code == "" {
			c.code = "invalid_client"
		}
		resp := h.do(r)
		v := decoded[tokenAnswer](t, resp)
		if resp.StatusCode != c.status || v.Error != c.code {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body(resp))
		}
		if got := resp.Header.Get("Www-Authenticate"); (got == `Basic realm="token", charset="UTF-8"`) != (c.status == 401) {
			t.Errorf("%s: challenge %q", name, got)
		}
	}
}

func TestTheHeaderIsReadInAnySpellingOfItsScheme(t *testing.T) {
	h := newHouse(t)
	pair := base64.StdEncoding.EncodeToString([]byte(webID + ":" + h.secret))
	for header, status := range map[string]int{
		"basic " + pair: 400, "BASIC  " + pair: 400, "Basic": 401, "Basic ": 401, "Basic !": 401,
		"Basic " + base64.StdEncoding.EncodeToString([]byte(webID)): 401,
		"Basic " + strings.TrimRight(pair, "=") + "=====":           401,
		"Bearer x": 401, "Digest x": 401, "\x00": 401,
	} {
		r := formRequest(oauth.PathToken, redemption("lk_ac_x"))
		r.Header.Set("Authorization", header)
		if resp := h.do(r); resp.StatusCode != status {
			t.Errorf("%q: %d %s", header, resp.StatusCode, body(resp))
		}
	}
}

// Which clients exist, in which state, and with which secret, is not told.
func TestFailedAuthenticationLooksTheSameWhateverTheReason(t *testing.T) {
	h := newHouse(t)
	h.client("suspended", nil)
	must(h.store.Clients.SetState(context.Background(), storage.Operator, "suspended", apps.ClientSuspended))
	h.client("keyed", keyed)
	var byHeader, byBody []*http.Request
	for _, pair := range []string{"nobody:x", webID + ":x", "suspended:" + h.secret, "suspended:x"} {
		r := formRequest(oauth.PathToken, redemption("lk_ac_x"))
		basic(r, pair)
		byHeader = append(byHeader, r)
	}
	used := h.assertion("keyed", nil)
	h.present(redemption("lk_ac_x"), used)
	for _, assertion := range []string{"x.y.z", used, h.assertion("nobody", nil), h.assertion(webID, nil),
		h.assertion("suspended", nil),
		h.assertion("keyed", func(c map[string]any) { c["aud"] = "x" }),
		signed(t, "EdDSA", signers()["EdDSA"], nil, map[string]any{"sub": "keyed"})} {
		byBody = append(byBody, formRequest(oauth.PathToken, assert(redemption("lk_ac_x"), assertion)))
	}
	for _, id := range []string{"nobody", webID, "suspended"} {
		form := redemption("lk_ac_x")
		form.Set("client_id", id)
		form.Set("client_secret", "x")
		byBody = append(byBody, formRequest(oauth.PathToken, form))
	}
	for _, requests := range [][]*http.Request{byHeader, byBody} {
		h.wantOneAnswer(requests)
	}
}

func (h *house) wantOneAnswer(requests []*http.Request) {
	t := h.t.(*testing.T)
	answers := map[string]bool{}
	for _, r := range requests {
		resp := h.do(r)
		resp.Header.Del("X-Request-Id")
		var header strings.Builder
		_ = resp.Header.Write(&header)
		answers[resp.Status+header.String()+body(resp)] = true
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers: %v", len(answers), answers)
	}
	for a := range answers {
		golden(t, "token-invalid-client.json", []byte(a[strings.Index(a, "{"):]))
	}
}

// Libraries differ in the method they use unasked, so this is a newcomer's first
// mistake. Only who has the secret learns of it, where there is one.
func TestAClientThatUsesAnotherMethodIsToldSoIfItHasTheSecret(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.RequireAuthMethod = true })
	h.client("post", func(m *apps.Metadata) {
		m.TokenEndpointAuthMethod, m.RequireAuthMethod = apps.AuthMethodPost, true
	})
	h.client("public", publicClient)
	for name, c := range map[string]struct{ authorization, id, secret, want string }{
		"post for basic": {id: webID, secret: h.secret,
			want: "this client is registered for client_secret_basic alone and used client_secret_post"},
		"basic for post": {authorization: "post:" + h.secret,
			want: "this client is registered for client_secret_post alone and used client_secret_basic"},
		"post for basic, wrong secret": {id: webID, secret: h.secret + "x", want: "client authentication failed"},
		"basic for post, wrong secret": {authorization: "post:x", want: "client authentication failed"},
		"a secret for none": {id: "public", secret: h.secret,
			want: "this client is registered for none alone and used client_secret_post"},
		"no secret in the header": {authorization: webID + ":",
			want: "client authentication failed: neither a client secret nor a client assertion was sent"},
		"none for basic": {id: webID,
			want: "client authentication failed: neither a client secret nor a client assertion was sent"},
		"none for nobody": {id: "nobody",
			want: "client authentication failed: neither a client secret nor a client assertion was sent"},
	} {
		form := redemption("lk_ac_x")
		if c.id != "" {
			form.Set("client_id", c.id)
		}
		if c.secret != "" {
			form.Set("client_secret", c.secret)
		}
		r := formRequest(oauth.PathToken, form)
		if c.authorization != "" {
			basic(r, c.authorization)
		}
		resp := h.do(r)
		if v := decoded[tokenAnswer](t, resp); (resp.StatusCode == 401) != (c.authorization != "") ||
			v.Error != "invalid_client" || v.Description != c.want {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body(resp))
		}
	}
}

func TestSecretsOverlapAndExpire(t *testing.T) {
	h := newHouse(t)
	try := func(secret string) int {
		r := formRequest(oauth.PathToken, redemption("lk_ac_x"))
		basic(r, webID+":"+secret)
		return h.do(r).StatusCode
	}
	must(h.store.Clients.AddSecret(context.Background(), storage.Operator, webID, h.ring.HashClientSecret("new"),
		"", time.Hour))
	if try(h.secret) != 400 || try("new") != 400 {
		t.Error("both are valid for an hour")
	}
	h.clock.add(time.Hour)
	if try(h.secret) != 401 || try("new") != 400 {
		t.Error("the old one is over")
	}
}
