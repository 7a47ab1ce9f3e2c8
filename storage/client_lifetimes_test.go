package storage

import (
	"testing"
	"time"
)

func TestAClientsOwnLifetimesCountForItAlone(t *testing.T) {
	l := DefaultSettings().Lifetimes
	own := (&Client{Metadata: Metadata{AccessTokenLifetime: 61, IDTokenLifetime: 62, RefreshTokenIdle: 301, RefreshTokenLifetime: 302}}).Lifetimes(l)
	if own.AccessToken != 61 || own.IDToken != 62 || own.RefreshIdle != 301 || own.RefreshAbsolute != 302 || own.Code != l.Code {
		t.Errorf("%+v", own)
	}
	if none := (&Client{}).Lifetimes(l); none != l {
		t.Errorf("%+v", none)
	}
}

func TestOwnLifetimesAreBoundedAsTheSettingsAre(t *testing.T) {
	h := newHouse(t)
	c := h.client("demo")
	for field, change := range map[string]func(*Metadata){
		"access_token_lifetime":  func(m *Metadata) { m.AccessTokenLifetime = 59 },
		"id_token_lifetime":      func(m *Metadata) { m.IDTokenLifetime = 86401 },
		"refresh_token_idle":     func(m *Metadata) { m.RefreshTokenIdle = 299 },
		"refresh_token_lifetime": func(m *Metadata) { m.RefreshTokenLifetime = 3660*86400 + 1 },
	} {
		m := webMetadata()
		change(&m)
		_, err := h.Clients.Change(h.ctx, Operator, c.ID, 0, m)
		wantInvalid(t, err, field)
	}
}

func TestAClientsLongerRefreshTimeIsNotSweptByTheShorterOneOfAll(t *testing.T) {
	h := newHouse(t)
	g := h.refreshable()
	m := need(h.Clients.Get(h.ctx, g.ClientID))(h).Metadata
	m.RefreshTokenIdle = 90 * 86400
	need(h.Clients.Change(h.ctx, Operator, g.ClientID, 0, m))(h)
	s, pass := h.sweeper()
	pass(80 * day)
	h.pass(s)
	if out := h.refresh(g, 0); out.Access == nil {
		t.Errorf("swept, or idle: %+v", out)
	}
	pass(90*day + time.Minute)
	if out := h.refresh(g, 1); out.Access != nil {
		t.Error("its own idle time does not count")
	}
}
