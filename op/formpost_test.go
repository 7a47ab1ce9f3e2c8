package op

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage/apps"
)

func TestFormPostSendsEveryAnswerByAFormAndNothingByAnAddress(t *testing.T) {
	h := newHouse(t)
	const uri = callback + "?tenant=a%20b&x='(1)'"
	h.change(webID, func(m *apps.Metadata) { m.RedirectURIs = append(m.RedirectURIs, uri) })
	request := func(change ...string) string {
		return authorizeURL(authorization(append([]string{"response_mode", "form_post", "redirect_uri", uri},
			change...)...))
	}
	deny := func(b *browser) *http.Response {
		a := b.read(b.get(request("prompt", "consent")))
		return b.post(a.step, map[string][]string{"action": {"deny"}})
	}
	for name, c := range map[string]struct {
		answer func(*browser) *http.Response
		names  []string
	}{
		"a code": {func(b *browser) *http.Response { return b.get(request()) },
			[]string{"code", "state", "iss"}},
		"a code, silently": {func(b *browser) *http.Response { return b.get(request("prompt", "none")) },
			[]string{"code", "state", "iss"}},
		"no": {deny, []string{"error", "error_description", "state", "iss"}},
		"a fault": {func(b *browser) *http.Response { return b.get(request("max_age", "soon")) },
			[]string{"error", "error_description", "state", "iss"}},
		"no response type": {func(b *browser) *http.Response { return b.get(request("response_type", "")) },
			[]string{"error", "error_description", "state", "iss"}},
		"a front channel": {func(b *browser) *http.Response {
			return b.get(request("response_type",
				"id_token token"))
		}, []string{"error", "error_description", "state", "iss"}},
		"a duplicate": {func(b *browser) *http.Response { return b.get(request() + "&nonce=2") },
			[]string{"error", "error_description", "state", "iss"}},
		"nobody signed in": {func(*browser) *http.Response { return h.browser().get(request("prompt", "none")) },
			[]string{"error", "error_description", "state", "iss"}},
		"a fault of a POST": {func(b *browser) *http.Response {
			return h.do(formRequest(oauth.PathAuthorize,
				httptest.NewRequest("GET", request("prompt", "x"), nil).URL.Query()))
		}, []string{"error", "error_description", "state", "iss"}},
		"a code after a POST": {func(b *browser) *http.Response {
			return b.get(h.do(formRequest(oauth.PathAuthorize,
				httptest.NewRequest("GET", request(), nil).URL.Query())).Header.Get("Location"))
		}, []string{"code", "state", "iss"}},
	} {
		b := h.signedIn()
		resp := c.answer(b)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Location") != "" ||
			resp.Header.Get("Content-Type") != postedType {
			t.Errorf("%s: %d %v %s", name, resp.StatusCode, resp.Header, body(resp))
			continue
		}
		form := decoded[frontchannel.Post](t, resp)
		var names []string
		for _, p := range form.Params {
			names = append(names, p[0])
		}
		if a := b.read(resp); form.URI != uri || form.Client != h.web.Name() || !slices.Equal(names, c.names) ||
			a.params.Get("state") != "st" || a.params.Get("iss") != issuer {
			t.Errorf("%s: %+v", name, form)
		}
	}
}

func TestACodeThatWasPostedIsRedeemedLikeAnyOther(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.login(authorization("response_mode", "form_post"))
	if v, _ := h.token(webID, redemption(a.code())); !a.posted || v.IDToken == "" {
		t.Errorf("%+v, %+v", a, v)
	}
}

// What a form would change on its way is refused: the app would take the answer for
// somebody else's. A page says so, as no error could hold it either.
func TestStateComesThroughAFormAsItWasOrIsRefused(t *testing.T) {
	h := newHouse(t)
	for state, fits := range map[string]bool{
		"plain": true, "a b+c%2f&=#?/\\\"'<>": true, "Ünïcödé – ✓ \U0001F511": true,
		strings.Repeat("s", frontchannel.MaxState): true, "</script>&quot;": true,
		"a\nb": false, "a\r\nb": false, "\x00": false, "a\tb": false, "\xff": false, "\u0085": false,
		strings.Repeat("s", frontchannel.MaxState+1): false,
	} {
		a := h.browser().login(authorization("response_mode", "form_post", "state", state))
		if !fits {
			wantPage(t, a, frontchannel.RefusedRequest)
		} else if !a.posted || a.code() == "" || a.params.Get("state") != state {
			t.Errorf("%q: %+v", state, a)
		}
	}
}

// No form can be sent to a program on the person's device.
func TestFormPostNeedsAnAddressThatAFormCanBeSentTo(t *testing.T) {
	h := newHouse(t)
	h.client("kiosk", func(m *apps.Metadata) {
		m.ApplicationType = apps.ApplicationNative
		m.RedirectURIs = []string{"com.example.app:/cb", "http://127.0.0.1/cb"}
	})
	a := h.browser().authorize(authorization("client_id", "kiosk", "redirect_uri", "com.example.app:/cb",
		"response_mode", "form_post"))
	wantPage(t, a, frontchannel.RefusedRequest)
	a = h.browser().login(authorization("client_id", "kiosk", "redirect_uri", "http://127.0.0.1:4000/cb",
		"response_mode", "form_post"))
	if wantCode(t, a); !a.posted || a.uri != "http://127.0.0.1:4000/cb" {
		t.Errorf("%+v", a)
	}
}
