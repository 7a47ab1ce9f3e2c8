package apps_test

import (
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/policy"
	"latchkey/storage/store/storetest"
)

func TestAClientsOwnLifetimesCountForItAlone(t *testing.T) {
	l := policy.DefaultSettings().Lifetimes
	own := (&apps.Client{Metadata: apps.Metadata{AccessTokenLifetime: 61, IDTokenLifetime: 62,
		RefreshTokenIdle: 301, RefreshTokenLifetime: 302}}).Lifetimes(l)
	if own.AccessToken != 61 || own.IDToken != 62 || own.RefreshIdle != 301 || own.RefreshAbsolute != 302 ||
		own.Code != l.Code {
		t.Errorf("%+v", own)
	}
	if none := (&apps.Client{}).Lifetimes(l); none != l {
		t.Errorf("%+v", none)
	}
}

func TestOwnLifetimesAreBoundedAsTheSettingsAre(t *testing.T) {
	h := storetest.NewHouse(t)
	c := h.Client("demo")
	for field, change := range map[string]func(*apps.Metadata){
		"access_token_lifetime":  func(m *apps.Metadata) { m.AccessTokenLifetime = 59 },
		"id_token_lifetime":      func(m *apps.Metadata) { m.IDTokenLifetime = 86401 },
		"refresh_token_idle":     func(m *apps.Metadata) { m.RefreshTokenIdle = 299 },
		"refresh_token_lifetime": func(m *apps.Metadata) { m.RefreshTokenLifetime = 3660*86400 + 1 },
	} {
		m := storetest.WebMetadata()
		change(&m)
		_, err := h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m)
		storetest.WantInvalid(t, err, field)
	}
}

func TestAClientsLongerRefreshTimeIsNotSweptByTheShorterOneOfAll(t *testing.T) {
	h := storetest.NewHouse(t)
	g := h.Refreshable()
	m := storetest.Need(h.Clients.Get(h.Ctx, g.ClientID))(h).Metadata
	m.RefreshTokenIdle = 90 * 86400
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, g.ClientID, 0, m))(h)
	s, pass := h.Sweeper()
	pass(80 * storetest.Day)
	h.Pass(s)
	if out := h.Refresh(g, 0); out.Access == nil {
		t.Errorf("swept, or idle: %+v", out)
	}
	pass(90*storetest.Day + time.Minute)
	if out := h.Refresh(g, 1); out.Access != nil {
		t.Error("its own idle time does not count")
	}
}
