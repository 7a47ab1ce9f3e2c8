package apps_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/kv"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

// kinds of clients, as they differ in what they may register.
var (
	webApp    = apps.Metadata{ApplicationType: apps.ApplicationWeb, TokenEndpointAuthMethod: apps.AuthMethodBasic}
	spa       = apps.Metadata{ApplicationType: apps.ApplicationWeb, TokenEndpointAuthMethod: apps.AuthMethodNone}
	nativeApp = apps.Metadata{ApplicationType: apps.ApplicationNative, TokenEndpointAuthMethod: apps.AuthMethodNone}
	kiosk     = apps.Metadata{ApplicationType: apps.ApplicationNative, TokenEndpointAuthMethod: apps.AuthMethodBasic}
)

func TestRedirectURIsThatMayBeRegistered(t *testing.T) {
	all := []*apps.Metadata{&webApp, &spa, &nativeApp, &kiosk}
	secret := []*apps.Metadata{&webApp, &kiosk}
	for _, c := range []struct {
		uri string
		may []*apps.Metadata
	}{
		{"https://app.example/cb", all},
		{"https://app.example", all},
		{"https://app.example/cb?x=1&y=%2F", all},
		{"https://app.example:8443/cb", all},
		{"https://[2001:db8::1]:8443/cb", all},
		{"https://APP.example/cb", all},
		{"HTTPS://app.example/cb", all},
		{"https://xn--bcher-kva.example/cb", all},
		{"http://localhost/cb", all},
		{"http://localhost:3000/cb", all},
		{"http://127.0.0.1/cb", all},
		{"http://127.0.0.1:8080/cb", all},
		{"http://127.8.9.10/cb", all},
		{"http://[::1]/cb", all},
		{"http://[::1]:8080/cb", all},
		{"http://app.example/cb", secret},
		{"http://localhost.evil.example/cb", secret},
		{"http://127.0.0.1.evil.example/cb", secret},
		{"http://0x7f.1/cb", secret},
		{"http://2130706433/cb", secret},
		{"http://LOCALHOST/cb", secret},
		{"com.example.app:/cb", all},
		{"com.example.app://cb", all},
		{"myapp://callback/x?y=z", all},
		{"app.immich:///oauth-callback", all},

		{"", nil}, {"/cb", nil}, {"app.example/cb", nil}, {"//app.example/cb", nil}, {"https:", nil},
		{"https:app.example", nil},
		{"https:/app.example/cb", nil}, {"https:///cb", nil}, {"https://:443/cb", nil}, {"https://?x", nil},
		{"com.example.app:cb", nil}, {"urn:ietf:wg:oauth:2.0:oob", nil}, {"myapp:", nil},
		{"https://app.example/cb#", nil}, {"https://app.example/cb#top", nil},
		{"https://app.example#@evil.example", nil},
		{"https://user@app.example/cb", nil}, {"https://user:pass@app.example/cb", nil},
		{"https://@app.example/cb", nil},
		{"http://127.0.0.1:80@evil.example", nil}, {"https://app.example%40evil.example/", nil},
		{"https://app.example\\@evil.example/", nil}, {"https:\\\\app.example/cb", nil},
		{"https://app.example/\\cb", nil},
		{"https://app.example/c b", nil}, {" https://app.example/cb", nil}, {"https://app.example/cb\n", nil},
		{"https://app.example/\tcb", nil}, {"https://app.example/\x00", nil}, {"https://app.example/\x7f", nil},
		{"java\nscript:alert(1)", nil}, {"https://bücher.example/cb", nil}, {"https://app.example/ü", nil},
		{"https://app.example/\xff", nil}, {"https://%61pp.example/cb", nil}, {"https://%E4pp.example/cb", nil},
		{"https://app.example/%zz", nil}, {"https://app.example/cb?x=%", nil}, {"https://app.example/%2", nil},
		{"https://app.example:/cb", nil}, {"https://app.example:0/cb", nil}, {"https://app.example:65536/cb", nil},
		{"https://app.example:0443/cb", nil}, {"https://app.example:x/cb", nil}, {"https://app.example:-1/cb", nil},
		{"https://[::1%25eth0]/cb", nil}, {"https://[::1/cb", nil}, {"https://[v1.x]/cb", nil}, {"https://[]/cb", nil},
		{"https://a,b.example/cb", nil}, {"https://a;b.example/cb", nil}, {"https://*.example/cb", nil},
		{"https://a b.example", nil},
		{"https://app.example/<script>", nil}, {`https://app.example/"`, nil}, {"https://app.example/`", nil},
		{"javascript:alert(1)", nil}, {"javascript://app.example/%0aalert(1)", nil}, {"JavaScript:/x", nil},
		{"JAVASCRIPT://x/", nil},
		{"data:text/html,x", nil}, {"data:/x", nil}, {"vbscript:/x", nil}, {"file:///etc/passwd", nil},
		{"blob:https://app.example/x", nil},
		{"about:blank", nil}, {"about:/x", nil}, {"view-source:/x", nil}, {"filesystem:/x", nil},
		{"ftp://app.example/", nil},
		{"ws://app.example/", nil}, {"wss://app.example/", nil}, {"mailto:/x", nil}, {"intent://x/#Intent", nil},
		{"intent://x/", nil},
		{"ms-msdt:/id", nil}, {"MS-MSDT:/id", nil}, {"search-ms:/query=x", nil}, {"search:/x", nil},
		{"shell:/startup", nil}, {"itms-services://?action=x", nil},
		{"chrome-extension://abc/cb", nil}, {"moz-extension://abc/cb", nil}, {"ms-officecmd:/x", nil},
		{"ms-word:/x", nil}, {"ms-appinstaller:/x", nil},
		{"ms-appx-web://app.example/cb", all}, {"msauth.com.example.app://auth", all}, {"https://app.example/*", all},
		{"https://app.example/" + strings.Repeat("a", 2048), nil},
	} {
		for _, m := range all {
			err := apps.ValidRedirectURI("redirect_uris", c.uri, m)
			if may := slices.Contains(c.may, m); may != (err == nil) {
				t.Errorf("%q for %s/%s: %v", c.uri, m.ApplicationType, m.TokenEndpointAuthMethod, err)
			}
			if err != nil {
				storetest.WantInvalid(t, err, "redirect_uris")
			}
		}
	}
}

func TestARedirectURIMatchesByteForByte(t *testing.T) {
	registered := []string{"https://app.example/cb", "https://app.example/q?x=1", "http://app.example/plain",
		"http://127.0.0.1:8080/cb", "http://localhost:8080/cb"}
	c := &apps.Client{Metadata: webApp}
	c.Metadata.RedirectURIs = registered
	for _, uri := range registered {
		if !c.AllowsRedirect(uri) {
			t.Errorf("%q is registered and refused", uri)
		}
	}
	for _, uri := range []string{"", "https://app.example/cb/", "https://app.example/CB", "https://APP.example/cb",
		"HTTPS://app.example/cb",
		"https://app.example/cb?", "https://app.example/cb?x", "https://app.example/cb#", "https://app.example/cb#x",
		"https://app.example:443/cb", "https://app.example./cb", "https://app.example/%63b", "https://app.example/./cb",
		"https://app.example//cb", "https://app.example/x/../cb", "https://app.example/cb%00",
		"https://app.example/cb\n",
		"https://app.example/cb ", " https://app.example/cb", "https://user@app.example/cb",
		"https://app.example@evil.example/cb",
		"https://app.example\\@evil.example/cb", "https://app.example.evil.example/cb", "https://evil.example/cb",
		"https://evil.example/?https://app.example/cb", "http://app.example/cb", "https://app.example/q",
		"https://app.example/q?x=2",
		"https://app.example/q?x=1&y=2", "https://app.example/q?y=2&x=1", "https://app.example/q?x=%31",
		"http://127.0.0.1:9090/cb", "http://127.0.0.1/cb", // the rule of any port is for native apps
		"http://localhost:9090/cb", "javascript:alert(1)", "//app.example/cb", "/cb"} {
		if c.AllowsRedirect(uri) {
			t.Errorf("%q is allowed", uri)
		}
	}
}

func TestANativeAppMayUseAnyPortOfALoopbackAddress(t *testing.T) {
	for _, kind := range []apps.Metadata{nativeApp, spa, kiosk} {
		c := &apps.Client{Metadata: kind}
		c.Metadata.RedirectURIs = []string{"http://127.0.0.1/cb", "http://[::1]:1234/cb?x=1",
			"http://localhost:8080/l", "http://localhost", "https://127.0.0.1/tls",
			"https://localhost/tls", "http://app.localhost/cb", "http://LOCALHOST/upper", "com.example.app:/cb"}
		for _, uri := range []string{"http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb",
			"http://[::1]/cb?x=1",
			"http://[::1]:80/cb?x=1", "http://localhost:8080/l", "http://localhost:9090/l", "http://localhost/l",
			"http://localhost", "http://localhost:1",
			"com.example.app:/cb", "https://127.0.0.1/tls"} {
			if !c.AllowsRedirect(uri) {
				t.Errorf("%q is refused", uri)
			}
		}
		for _, uri := range []string{"http://127.0.0.1.evil.example/cb", "http://127.0.0.1:80@evil.example/cb",
			"http://127.0.0.1:80@evil.example",
			"http://127.0.0.1@evil.example/cb", "http://127.0.0.1:/cb", "http://127.0.0.1:0/cb",
			"http://127.0.0.1:65536/cb",
			"http://127.0.0.1:99999/cb", "http://127.0.0.1:080/cb", "http://127.0.0.1:8o/cb",
			"http://127.0.0.1:8080/CB",
			"http://127.0.0.1:8080/cb/", "http://127.0.0.1:8080/cb?x", "http://127.0.0.1:8080/cb#x",
			"http://127.0.0.1:8080//cb",
			"http://127.0.0.1:8080:9090/cb", "http://127.0.0.1:8080", "http://127.0.0.1:8080\\@evil.example/cb",
			"HTTP://127.0.0.1:8080/cb",
			"http://127.0.0.2:8080/cb", "http://127.1:8080/cb", "http://0x7f000001:8080/cb", "http://[::1]:8080/cb",
			"http://[::1]:8080/cb?x=2",
			"http://[0:0:0:0:0:0:0:1]:8080/cb?x=1", "http://[::ffff:127.0.0.1]:8080/cb", "http://localhost:9090/cb",
			"http://localhost/cb",
			"http://127.0.0.1:8080/l", "http://[::1]:8080/l", "http://LOCALHOST:8080/l", "http://localhost.:8080/l",
			"http://localhost.evil.example/l",
			"http://localhost:80@evil.example/l", "http://localhost@evil.example/l", "http://localhost:08/l",
			"http://localhost:/l", "http://localhost:0/l",
			"http://localhost:8080/L", "http://localhost:8080/l/", "http://localhost:8080/l?x",
			"http://localhost:8080/l#x", "http://localhost:8080/",
			"http://app.localhost:8080/cb", "http://LOCALHOST:8080/upper", "https://localhost:8443/tls",
			"http://localhostx/l", "http://localhost\\@evil.example/l",
			"https://127.0.0.1:8443/tls", "https://127.0.0.1:8080/cb", "com.example.app:/cb2",
			"com.example.app:8080/cb"} {
			if c.AllowsRedirect(uri) {
				t.Errorf("%q is allowed", uri)
			}
		}
	}
}

// What older rules let in does not match by newer ones.
func TestAnAddressThatCouldNotBeRegisteredTodayMatchesNothing(t *testing.T) {
	for _, uri := range []string{"https://app.example/cb#x", "https://user@app.example/cb",
		"https://app.example\\cb", "javascript:alert(1)", "ms-msdt:/id", "Shell:/x"} {
		c := &apps.Client{Metadata: apps.Metadata{ApplicationType: apps.ApplicationNative, RedirectURIs: []string{uri}}}
		if c.AllowsRedirect(uri) {
			t.Errorf("%q is allowed", uri)
		}
	}
}

func TestThePortOfALoopbackAddressIsCutOutAndNothingElse(t *testing.T) {
	for uri, want := range map[string]string{
		"http://127.0.0.1": "http://127.0.0.1", "http://127.0.0.1:1": "http://127.0.0.1",
		"http://127.0.0.1:65535/cb?x:1": "http://127.0.0.1/cb?x:1",
		"http://[::1]:8080?x":           "http://[::1]?x", "http://[::1]/:80": "http://[::1]/:80",
		"http://127.0.0.1:": "", "http://127.0.0.1:0/": "", "http://127.0.0.1:01/": "",
		"http://127.0.0.1:65536/": "", "http://127.0.0.1:8x/": "",
		"http://127.0.0.1.evil.example/": "", "http://127.0.0.1@evil.example/": "",
		"http://127.0.0.1:80@evil.example/": "",
		"http://127.0.0.1:80.evil.example/": "", "http://127.0.0.1:80:90/": "", "http://127.0.0.11/": "",
		"http://[::1].evil.example/": "",
		"http://[::1":                "", "https://127.0.0.1/": "", "HTTP://127.0.0.1/": "", "": "",
		"http://localhost": "http://localhost", "http://localhost:8080/": "http://localhost/",
		"http://localhost?x":             "http://localhost?x",
		"http://localhost.evil.example/": "", "http://localhost:80@evil.example/": "", "http://Localhost/": "",
		"https://localhost:1/": "",
	} {
		if got, ok := apps.WithoutLoopbackPort(uri); got != want || ok != (want != "") {
			t.Errorf("%q becomes %q, %v", uri, got, ok)
		}
	}
}

func TestAnAddressOnThePersonsDeviceNeedsPKCEAndIsAskedForEachTime(t *testing.T) {
	const web, other, scheme, loopback, localhost = "https://app.example/cb", "http://app.example/cb",
		"app.immich:///oauth-callback", "http://127.0.0.1/cb", "http://localhost:2283/cb"
	for _, c := range []struct {
		kind       apps.Metadata
		registered []string
		uri        string
		asks, pkce bool
	}{
		{webApp, []string{web, other}, web, false, false},
		{webApp, []string{web, other}, other, false, false},
		// Without an address elsewhere it is an app under development, on its developer's machine.
		{webApp, []string{loopback, localhost}, loopback, false, false},
		{webApp, []string{loopback, localhost}, localhost, false, false},
		{webApp, []string{web, scheme, localhost}, web, false, false},
		{webApp, []string{web, scheme, localhost}, scheme, true, true},
		{webApp, []string{web, scheme, localhost}, localhost, true, true},
		{webApp, []string{other, loopback}, other, false, false},
		{webApp, []string{other, loopback}, loopback, true, true},
		{webApp, []string{scheme, loopback}, loopback, true, true},
		{webApp, []string{web}, "no URI", true, true},
		{spa, []string{web, localhost}, web, false, true},
		{spa, []string{web, localhost}, localhost, true, true},
		{spa, []string{loopback}, loopback, true, true},
		{spa, []string{scheme}, scheme, true, true},
		{nativeApp, []string{web}, web, true, true},
		{nativeApp, []string{scheme}, scheme, true, true},
		{kiosk, []string{web}, web, true, false},
		{kiosk, []string{scheme}, scheme, true, true},
		{kiosk, []string{loopback}, loopback, true, true},
		{kiosk, []string{loopback}, "http://127.0.0.1:8080/cb", true, true},
	} {
		client := &apps.Client{Metadata: c.kind}
		client.Metadata.RedirectURIs = c.registered
		if asks, pkce := client.AsksEachTime(c.uri), client.NeedsPKCE(c.uri); asks != c.asks || pkce != c.pkce {
			t.Errorf("%s/%s of %q at %q: asks %v, needs PKCE %v", c.kind.ApplicationType,
				c.kind.TokenEndpointAuthMethod, c.registered, c.uri, asks, pkce)
		}
	}
}

// An app that reads the first of two values would take the registered one for the answer's.
func TestARedirectURIThatHoldsAResponseParameterIsRefusedUnlessItWasThere(t *testing.T) {
	h := storetest.NewHouse(t)
	const had = "https://app.example/cb?x=1&code=none"
	c := h.Client("demo")
	c.Metadata.RedirectURIs = []string{had}
	storetest.Need(table.Update(h.Ctx, h.Floors.DB,
		func(tx kv.Txn) (struct{}, error) { return struct{}{}, h.Floors.Apps.Clients.Put(tx, c) }))(h)
	if warnings := c.Metadata.RedirectURIWarnings(); len(warnings) != 1 ||
		!strings.Contains(warnings[0], `the parameter code`) {
		t.Errorf("%q", warnings)
	}
	m := storetest.WebMetadata()
	for _, name := range []string{"code", "state", "iss", "error", "error_description", "error_uri", "id_token",
		"access_token", "token_type", "expires_in",
		"session_state", "response"} {
		for _, query := range []string{"?" + name + "=x", "?x=1&" + name, "?" + name + "=",
			"?a;b&%" + fmt.Sprintf("%X", name[0]) + name[1:] + "=1"} {
			m.RedirectURIs = []string{had, "https://app.example/cb" + query}
			_, err := h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m)
			storetest.WantInvalid(t, err, "redirect_uris")
			_, err = h.Clients.Create(h.Ctx, storage.Operator, apps.NewClient{Metadata: m, Secret: []byte("hash")})
			storetest.WantInvalid(t, err, "redirect_uris")
		}
	}
	m.RedirectURIs = []string{had, "https://app.example/code?Code=1&codes=2&x=code&state.x"}
	m.PostLogoutRedirectURIs = []string{"https://app.example/bye?code=1"}
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m))(h)
	m.PostLogoutRedirectURIs = []string{"https://app.example/bye?state=1"} // the one that comes with it
	_, err := h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m)
	storetest.WantInvalid(t, err, "post_logout_redirect_uris")
}

// Desktop programs that listen on any free port come back to it after a sign-out too.
func TestAPostLogoutURIOnLoopbackMatchesAnyPortOfNativeAppsAlone(t *testing.T) {
	for _, c := range []struct {
		m    apps.Metadata
		sent string
		want bool
	}{
		{nativeApp, "http://127.0.0.1:50123/bye", true}, {nativeApp, "http://127.0.0.1/bye", true},
		{spa, "http://127.0.0.1:50123/bye", true},
		{webApp, "http://127.0.0.1:50123/bye", false}, {webApp, "http://127.0.0.1:1/bye", true},
		{nativeApp, "http://localhost:50123/bye", false}, {nativeApp, "http://127.0.0.1:50123/bye?x", false},
		{nativeApp, "https://127.0.0.1:50123/bye", false}, {nativeApp, "http://127.0.0.1:50123/", false},
	} {
		c.m.PostLogoutRedirectURIs = []string{"http://127.0.0.1:1/bye"}
		if got := (&apps.Client{Metadata: c.m}).AllowsPostLogout(c.sent); got != c.want {
			t.Errorf("%s, %s: %s is allowed: %v", c.m.ApplicationType, c.m.TokenEndpointAuthMethod, c.sent, got)
		}
	}
}

func TestWhatARedirectURIDoesNotMeanIsWarnedOf(t *testing.T) {
	for uri, want := range map[string]string{"https://app.example/*": "as text",
		"https://app.example/cb?x=*": "as text", "ms-msdt:/id": "the scheme ms-msdt",
		"https://app.example/cb?state=1": "the parameter state", "https://app.example/cb": "",
		"http://localhost/cb": "", "app.example:/cb": ""} {
		warnings := (&apps.Metadata{RedirectURIs: []string{uri}}).RedirectURIWarnings()
		if want == "" != (len(warnings) == 0) || want != "" && !strings.Contains(warnings[0], want) {
			t.Errorf("%s: %q", uri, warnings)
		}
	}
	m := apps.Metadata{PostLogoutRedirectURIs: []string{"https://app.example/bye?state=1",
		"https://app.example/bye?code=1"}}
	if warnings := m.RedirectURIWarnings(); len(warnings) != 1 ||
		!strings.Contains(warnings[0], "the parameter state") {
		t.Errorf("after a sign-out: %q", warnings)
	}
}

// Whatever is allowed is byte-equal to a registered URI, or differs from one in the
// port of a loopback address, the app being native.
func FuzzRedirectURI(f *testing.F) {
	for _, uri := range []string{"https://app.example/cb", "http://127.0.0.1:80@evil.example",
		"http://127.0.0.1.evil.example", "http://[::1]:8080/cb",
		"http://127.0.0.1:8080/cb", "https://app.example/%2e%2e/", "com.example.app:/cb", "http://127.0.0.1:08/cb",
		"http://127.0.0.1:1?x"} {
		f.Add("http://127.0.0.1/cb", uri, true)
		f.Add(uri, uri, false)
		f.Add("http://127.0.0.1", uri, true)
		f.Add("http://localhost:8080/cb", strings.Replace(uri, "127.0.0.1", "localhost", 1), true)
	}
	f.Fuzz(func(t *testing.T, registered, sent string, native bool) {
		m := webApp
		if native {
			m = nativeApp
		}
		m.RedirectURIs = []string{registered}
		allowed := (&apps.Client{Metadata: m}).AllowsRedirect(sent)
		valid := apps.ValidRedirectURI("redirect_uris", registered, &m) == nil
		if valid && !(&apps.Client{Metadata: m}).AllowsRedirect(registered) {
			t.Errorf("%q is registered and refused", registered)
		}
		if !allowed || sent == registered {
			return
		}
		if !native || portless(t, sent) != portless(t, registered) {
			t.Errorf("%q passes for %q", sent, registered)
		}
	})
}

// portless is another way to say what withoutLoopbackPort says, byte by byte.
func portless(t *testing.T, uri string) string {
	for _, host := range []string{"127.0.0.1", "[::1]", "localhost"} {
		rest, ok := strings.CutPrefix(uri, "http://"+host)
		if !ok {
			continue
		}
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		if port := rest[:end]; strings.Trim(port, ":0123456789") != "" || strings.Count(port, ":") > 1 {
			t.Errorf("%q has the port %q", uri, port)
		}
		return host + rest[end:]
	}
	t.Errorf("%q is no loopback address", uri)
	return uri
}
