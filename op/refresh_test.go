package op

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/bolt"
	"latchkey/storage/store"
)

func refreshing(m *apps.Metadata) { m.GrantTypes = []string{"authorization_code", "refresh_token"} }

func refresh(token string, more ...string) url.Values {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

// refreshable is a house whose client may refresh, and its first answer, with a
// refresh token that outlives the session.
func refreshable(t *testing.T, change ...func(*apps.Metadata)) (*house, *browser, tokenAnswer) {
	t.Helper()
	h := newHouse(t)
	h.change(webID, refreshing)
	for _, c := range change {
		h.change(webID, c)
	}
	b := h.browser()
	v := b.tokens(authorization("scope", "openid profile email offline_access"))
	if v.RefreshToken == "" {
		t.Fatalf("no refresh token: %+v", v)
	}
	return h, b, v
}

func TestARefreshTokenComesWithTheGrantTypeAndWithoutOfflineAccessUnlessTurnedOff(t *testing.T) {
	h := newHouse(t)
	if v := h.browser().tokens(authorization("scope", "openid offline_access")); v.RefreshToken != "" ||
		strings.Contains(v.Scope, "offline_access") {
		t.Errorf("a client not registered for it: %+v", v)
	}
	h.change(webID, refreshing)
	if v := h.browser().tokens(authorization("scope", "openid")); !strings.HasPrefix(v.RefreshToken,
		keys.PrefixRefreshToken) {
		t.Errorf("without offline_access: %+v", v)
	}
	off := false
	h.change(webID, func(m *apps.Metadata) { m.OnlineRefresh = &off })
	if v := h.browser().tokens(authorization("scope", "openid")); v.RefreshToken != "" {
		t.Errorf("without offline_access, online refresh tokens turned off: %+v", v)
	}
	if v := h.browser().tokens(authorization("scope", "openid offline_access")); v.RefreshToken == "" {
		t.Errorf("with offline_access, online refresh tokens turned off: %+v", v)
	}
}

func TestEachRefreshTurnsTheTokenAndKeepsWhoAndWhen(t *testing.T) {
	h, _, first := refreshable(t)
	was := h.claims(first)
	seen, now := []string{first.RefreshToken}, first
	for range 5 {
		h.clock.add(2 * time.Hour)
		v, _ := h.token(webID, refresh(now.RefreshToken))
		if v.Status != http.StatusOK || slices.Contains(seen, v.RefreshToken) ||
			h.userinfo(v.AccessToken).StatusCode != http.StatusOK {
			t.Fatalf("%+v", v)
		}
		is := h.claims(v)
		for _, claim := range []string{"iss", "sub", "aud", "azp", "auth_time", "sid", "acr"} {
			if fmt.Sprint(is[claim]) != fmt.Sprint(was[claim]) {
				t.Errorf("%s was %v and is %v", claim, was[claim], is[claim])
			}
		}
		if is["iat"] == was["iat"] || is["nonce"] != nil {
			t.Errorf("iat %v, nonce %v", is["iat"], is["nonce"])
		}
		seen, now = append(seen, v.RefreshToken), v
	}
}

func TestFiftyRefreshesAtOnceGetOneSuccessor(t *testing.T) {
	h, _, v := refreshable(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	successors := map[string]int{}
	for range 50 {
		wg.Go(func() {
			out, _ := h.token(webID, refresh(v.RefreshToken))
			mu.Lock()
			defer mu.Unlock()
			successors[fmt.Sprint(out.Status, out.RefreshToken)]++
		})
	}
	wg.Wait()
	if len(successors) != 1 || strings.HasPrefix(fmt.Sprint(successors), "map[4") {
		t.Errorf("%v", successors)
	}
}

func TestALostAnswerIsGivenAgainWithinTheGraceAndWritesNothing(t *testing.T) {
	engine, err := bolt.Open(t.TempDir()+"/db", bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseOn(t, engine)
	h.change(webID, refreshing)
	v := h.browser().tokens(authorization("scope", "openid offline_access"))
	before := h.commits()
	next, _ := h.token(webID, refresh(v.RefreshToken))
	if got := h.commits() - before; got != 1 {
		t.Errorf("a refresh cost %d commits", got)
	}
	before = h.commits()
	for range 3 {
		h.clock.add(20 * time.Second)
		again, _ := h.token(webID, refresh(v.RefreshToken))
		if again.RefreshToken != next.RefreshToken || again.AccessToken == next.AccessToken {
			t.Fatalf("%+v", again)
		}
	}
	if h.commits() != before {
		t.Error("an answer given again wrote something")
	}
	h.clock.add(time.Second) // the window does not grow by being used
	if late, _ := h.token(webID, refresh(v.RefreshToken)); late.Error != "invalid_grant" {
		t.Errorf("after the grace: %+v", late)
	}
	if dead, _ := h.token(webID, refresh(next.RefreshToken)); dead.Error != "invalid_grant" {
		t.Errorf("after theft was noticed the current token works: %+v", dead)
	}
}

func TestAnOlderRefreshTokenRevokesTheGrantAndItsAccessTokens(t *testing.T) {
	h, _, first := refreshable(t)
	second, _ := h.token(webID, refresh(first.RefreshToken))
	third, _ := h.token(webID, refresh(second.RefreshToken))
	if v, _ := h.token(webID, refresh(first.RefreshToken)); v.Error != "invalid_grant" {
		t.Errorf("two generations old: %+v", v)
	}
	for _, v := range []tokenAnswer{first, second, third} {
		if h.userinfo(v.AccessToken).StatusCode != http.StatusUnauthorized {
			t.Error("an access token outlives the theft")
		}
	}
	if v, _ := h.token(webID, refresh(third.RefreshToken)); v.Error != "invalid_grant" {
		t.Errorf("the current one: %+v", v)
	}
}

func TestARestartIsNoTheft(t *testing.T) {
	for _, down := range []time.Duration{time.Second, 10 * time.Minute, 30 * time.Hour} {
		h, _, v := refreshable(t)
		next, _ := h.token(webID, refresh(v.RefreshToken)) // whose answer is lost
		if err := h.store.Alive(context.Background()); err != nil {
			t.Fatal(err)
		}
		h.clock.add(50 * time.Second)
		h.clock.add(down) // kill -9, and a start
		h.restart()
		again, _ := h.token(webID, refresh(v.RefreshToken))
		if again.Status != http.StatusOK || again.RefreshToken != next.RefreshToken {
			t.Errorf("down for %v: %+v", down, again)
		}
		h.clock.add(61 * time.Second)
		if late, _ := h.token(webID, refresh(v.RefreshToken)); late.Error != "invalid_grant" {
			t.Errorf("down for %v, and a minute later: %+v", down, late)
		}
	}
}

// restart opens the same data as a process started anew.
func (h *house) restart() {
	h.t.Helper()
	master, _ := fixture()
	h.store = must(store.Open(context.Background(), h.engine, store.Options{Now: h.clock.now}))
	h.ring = must(keys.Open(context.Background(), keys.Options{Store: h.store.Keys, Master: master, Now: h.clock.now}))
	h.op = must(New(context.Background(), Options{Issuer: issuer, Store: h.store, Keys: h.ring, Pages: h.pages,
		Sessions: fakeSessions{}, Now: h.clock.now}))
	h.handler = h.routes()
}

func TestNarrowingHoldsForOneAccessTokenAndNeverWidens(t *testing.T) {
	h, _, v := refreshable(t)
	narrow, _ := h.token(webID, refresh(v.RefreshToken, "scope", "openid email"))
	if narrow.Scope != "openid email" {
		t.Fatalf("%+v", narrow)
	}
	if got := decoded[map[string]any](t, h.userinfo(narrow.AccessToken)); got["email"] == nil ||
		got["preferred_username"] != nil {
		t.Errorf("the narrowed token gives %v", got)
	}
	full, _ := h.token(webID, refresh(narrow.RefreshToken))
	if full.Scope != v.Scope {
		t.Errorf("the next one has %q", full.Scope)
	}
	for _, scope := range []string{"phone", "nonsense"} {
		if wide, _ := h.token(webID, refresh(full.RefreshToken, "scope", scope)); wide.Error != "invalid_scope" {
			t.Errorf("scope %q: %+v", scope, wide)
		}
	}
	still, _ := h.token(webID, refresh(full.RefreshToken))
	if still.Status != http.StatusOK {
		t.Errorf("a refusal for its scope cost the token: %+v", still)
	}
	part, _ := h.token(webID, refresh(still.RefreshToken, "scope", "openid phone lk_cs_secret email"))
	if part.Status != http.StatusOK || part.Scope != "openid email" {
		t.Errorf("scopes that were not granted, beside others: %+v", part)
	}
	h.browser().authorize(authorization("scope", "openid admin lk_cs_secret"))
	for _, want := range []string{`"dropped_scopes":"phone …"`, `"dropped_scopes":"admin …"`} {
		if log := h.log.String(); !strings.Contains(log, want) || strings.Contains(log, "lk_cs_secret") {
			t.Errorf("no %s in the log, or what was sent: %s", want, log)
		}
	}
}

func TestAReusedRefreshTokenStaysTheSame(t *testing.T) {
	h, _, v := refreshable(t, func(m *apps.Metadata) { m.RefreshTokenReuse = true })
	for range 40 {
		h.clock.add(24 * time.Hour) // far past the idle end, counted from the first
		next, _ := h.token(webID, refresh(v.RefreshToken))
		if next.Status != http.StatusOK || next.RefreshToken != v.RefreshToken {
			t.Fatalf("%+v", next)
		}
	}
}

func TestRefreshTokensEnd(t *testing.T) {
	h, _, v := refreshable(t)
	h.clock.add(30*24*time.Hour + 2*time.Second)
	if out, _ := h.token(webID, refresh(v.RefreshToken)); out.Error != "invalid_grant" {
		t.Errorf("idle for more than 30 days: %+v", out)
	}
	h, _, v = refreshable(t)
	for range 14 {
		h.clock.add(27 * 24 * time.Hour)
		v, _ = h.token(webID, refresh(v.RefreshToken))
	}
	if v.Error != "invalid_grant" {
		t.Errorf("after 378 days of use: %+v", v)
	}
}

// Where a token is kept, its use is noted in the place of its rotation: that must not
// open the grace again for the one before.
func TestReuseDoesNotReviveTheTokenBefore(t *testing.T) {
	h, _, old := refreshable(t)
	v, _ := h.token(webID, refresh(old.RefreshToken))
	h.change(webID, func(m *apps.Metadata) { m.RefreshTokenReuse = true })
	h.clock.add(2 * time.Hour)
	if v, _ = h.token(webID, refresh(v.RefreshToken)); v.Status != http.StatusOK {
		t.Fatalf("%+v", v)
	}
	if out, _ := h.token(webID, refresh(old.RefreshToken)); out.Error != "invalid_grant" {
		t.Errorf("replaced two hours ago: %+v", out)
	}
}

// The absolute end is the refresh token's, and not that of the last access token that
// could be made from it.
func TestARefreshTokenIsOverAtItsAbsoluteEndAndItsAccessTokenIsNot(t *testing.T) {
	h, _, v := refreshable(t, func(m *apps.Metadata) { m.RefreshTokenLifetime = 300 })
	h.clock.add(5 * time.Minute)
	v, _ = h.token(webID, refresh(v.RefreshToken))
	if v.Status != http.StatusOK || h.introspected(webID, v.RefreshToken)["active"] != true {
		t.Fatalf("over early: %+v", v)
	}
	h.clock.add(time.Second)
	if out, _ := h.token(webID, refresh(v.RefreshToken)); out.Error != "invalid_grant" {
		t.Errorf("past its end: %+v", out)
	}
	if got := h.introspected(webID, v.RefreshToken); got["active"] != false {
		t.Errorf("introspection says %v", got)
	}
	if h.clock.add(59 * time.Minute); h.userinfo(v.AccessToken).StatusCode != http.StatusOK {
		t.Error("an access token ends before it was said to")
	}
}

func TestEveryCauseEndsRefreshingAtTheNextCall(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		do     func(h *house, b *browser)
		online bool // ends online grants only
	}{
		"user disabled": {func(h *house,
			_ *browser) {
			must(h.store.Users.Disable(ctx, storage.Operator, h.ada.ID))
		}, false},
		"user deleted": {func(h *house, _ *browser) { _ = h.store.Users.Delete(ctx, storage.Operator, h.ada.ID) },
			false},
		"password set": {func(h *house, _ *browser) {
			must(h.store.Users.SetPassword(ctx, storage.Operator, h.ada.ID, []byte("x")))
		}, false},
		"client suspended": {func(h *house, _ *browser) {
			must(h.store.Clients.SetState(ctx, storage.Operator, webID, apps.ClientSuspended))
		}, false},
		"consent withdrawn": {func(h *house,
			_ *browser) {
			_ = h.store.Consents.Withdraw(ctx, storage.Operator, h.ada.ID, webID)
		}, false},
		"offline_access withdrawn from the client": {func(h *house, _ *browser) {
			h.change(webID, func(m *apps.Metadata) {
				m.Scopes = slices.DeleteFunc(m.Scopes, func(s string) bool { return s == "offline_access" })
			})
		}, false},
		"grant type withdrawn": {func(h *house, _ *browser) {
			h.change(webID, func(m *apps.Metadata) { m.GrantTypes = []string{"authorization_code"} })
		}, false},
		"session ended": {func(h *house,
			b *browser) {
			_ = h.store.Sessions.End(ctx, storage.Operator, b.sessions...)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			h, b, v := refreshable(t)
			online := h.browser().tokens(authorization("scope", "openid"))
			_ = online
			b2 := h.browser()
			online = b2.tokens(authorization("scope", "openid"))
			c.do(h, b)
			c.do(h, b2)
			if out, _ := h.token(webID, refresh(v.RefreshToken)); (out.Status == http.StatusOK) != c.online {
				t.Errorf("offline: %+v", out)
			}
			if name == "offline_access withdrawn from the client" {
				return
			}
			if out, _ := h.token(webID, refresh(online.RefreshToken)); out.Status == http.StatusOK {
				t.Errorf("online: %+v", out)
			}
		})
	}
}

func TestARefreshTokenIsItsClientsAlone(t *testing.T) {
	h, _, v := refreshable(t)
	h.client("other", refreshing)
	h.client("spa", func(m *apps.Metadata) { refreshing(m); publicClient(m) })
	for _, id := range []string{"other", "spa"} {
		if out, _ := h.token(id, refresh(v.RefreshToken)); out.Error != "invalid_grant" {
			t.Errorf("%s: %+v", id, out)
		}
	}
	if out, _ := h.token(webID, refresh(v.RefreshToken)); out.Status != http.StatusOK {
		t.Errorf("another client's attempt cost the owner: %+v", out)
	}
}

func TestForgedRefreshTokensChangeNothing(t *testing.T) {
	h, _, v := refreshable(t)
	for _, token := range []string{"x", v.RefreshToken[:len(v.RefreshToken)-1], v.RefreshToken + "A", v.AccessToken,
		flipped(v.RefreshToken), keys.PrefixRefreshToken + strings.Repeat("A", 70)} {
		if out, _ := h.token(webID, refresh(token)); out.Error != "invalid_grant" {
			t.Errorf("%q: %+v", token, out)
		}
	}
	if out, _ := h.token(webID, refresh(v.RefreshToken)); out.Status != http.StatusOK {
		t.Errorf("%+v", out)
	}
}

// Any page can send a browser to authorize, over and over, and the app throws the codes
// away that it did not ask for.
func TestCodesThatNobodyUsesEndNoGrantsThatAreInUse(t *testing.T) {
	h, b, one := refreshable(t)
	set := must(h.store.Settings.Get(context.Background()))
	set.OfflineGrants = 3
	if err := h.store.Settings.Set(context.Background(), storage.Operator, set); err != nil {
		t.Fatal(err)
	}
	q := authorization("scope", "openid profile email offline_access")
	two := b.tokens(q)
	for range 5 {
		if b.authorize(q).code() == "" {
			t.Fatal("no code")
		}
	}
	for _, v := range []tokenAnswer{one, two, b.tokens(q)} {
		if v, _ := h.token(webID, refresh(v.RefreshToken)); v.Status != http.StatusOK {
			t.Errorf("%+v", v)
		}
	}
}

func TestOneOfflineGrantTooManyEndsTheOldest(t *testing.T) {
	h, b, oldest := refreshable(t)
	set := must(h.store.Settings.Get(context.Background()))
	set.OfflineGrants = 2
	if err := h.store.Settings.Set(context.Background(), storage.Operator, set); err != nil {
		t.Fatal(err)
	}
	online := b.tokens(authorization("scope", "openid profile email"))
	next := b.tokens(authorization("scope", "openid profile email offline_access"))
	before := h.commits()
	last := b.tokens(authorization("scope", "openid profile email offline_access"))
	if n := h.commits() - before; n != 2 {
		t.Errorf("%d commits for code and tokens", n)
	}
	if v, _ := h.token(webID, refresh(oldest.RefreshToken)); v.Status != http.StatusBadRequest ||
		v.Error != "invalid_grant" {
		t.Errorf("the oldest: %+v", v)
	}
	if resp := h.userinfo(oldest.AccessToken); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("its access token: %d", resp.StatusCode)
	}
	for name, v := range map[string]tokenAnswer{"the next": next, "the last": last} {
		if v, _ := h.token(webID, refresh(v.RefreshToken)); v.Status != http.StatusOK {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if resp := h.userinfo(online.AccessToken); resp.StatusCode != http.StatusOK {
		t.Errorf("an online grant: %d", resp.StatusCode)
	}
}
