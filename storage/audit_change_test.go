package storage

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// lastChanges are those of the newest event, which must be of that act.
func (h *house) lastChanges(act Act) []FieldChange {
	h.t.Helper()
	events, _, err := h.Audit.List(h.ctx, nil, 1)
	h.ok(err)
	h.clock.add(time.Second) // events of one instant are in no order
	if events[0].Act != act {
		h.t.Fatalf("the newest event is %+v", events[0])
	}
	return events[0].Changes
}

func (h *house) changedTo(act Act, want ...FieldChange) {
	h.t.Helper()
	if got := h.lastChanges(act); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		h.t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func TestTheAuditTrailTellsWhatSettingsWereAndAre(t *testing.T) {
	h := newHouse(t)
	set := func(changes ...SettingChange) { h.ok(h.Settings.Change(h.ctx, Operator, changes)) }
	set(change("lifetimes.session_idle", "2592000"), change("branding.home_url", `"https://a.example"`), change("signing_algorithms", `["RS256"]`))
	h.changedTo(ActSettings, FieldChange{Field: "branding.home_url", New: "https://a.example"},
		FieldChange{Field: "lifetimes.session_idle", Old: "604800", New: "2592000", Unit: "seconds"},
		FieldChange{Field: "signing_algorithms", Old: "RS256 ES256", New: "RS256"})
	set(change("lifetimes.session_idle", "null"), change("lifetimes.session_idle", "null"), change("throttle.failures", "null"))
	h.changedTo(ActSettings, FieldChange{Field: "lifetimes.session_idle", Old: "2592000", New: "604800", Unit: "seconds"})
	set(change("branding.logo", `"aGk="`), change("branding.logo_type", `"image/png"`))
	h.changedTo(ActSettings, FieldChange{Field: "branding.logo", New: "2 bytes"}, FieldChange{Field: "branding.logo_type", New: "image/png"})
	set(change("key_rotation_seconds", "0"))
	h.changedTo(ActSettings, FieldChange{Field: "key_rotation_seconds", Old: "7776000", New: "0", Unit: "seconds"})

	all := h.settings()
	all.Throttle.Failures = 7
	h.ok(h.Settings.Set(h.ctx, Operator, all))
	h.changedTo(ActSettings, FieldChange{Field: "throttle.failures", Old: "10", New: "7", Unit: "attempts"})
}

func TestTheAuditTrailNamesWhatChangedOfAPersonAndTellsOnlyWhatIsAboutPower(t *testing.T) {
	h := newHouse(t)
	h.admin("root")
	u := h.user("ada")
	h.clock.add(time.Second)
	need(h.Users.Change(h.ctx, Operator, u.ID, UserChange{Email: ptr("private@example.org"), EmailVerified: ptr(true), Roles: &[]Role{RoleAdmin},
		Profile: &Profile{Birthdate: "2000-01-01", Address: Address{Country: "Atlantis"}}}))(h)
	h.changedTo(ActUserChanged, FieldChange{Field: "email"}, FieldChange{Field: "email_verified", Old: "false", New: "true"},
		FieldChange{Field: "roles", New: "admin"}, FieldChange{Field: "birthdate"}, FieldChange{Field: "address.country"})
	need(h.Users.Disable(h.ctx, Operator, u.ID))(h)
	h.changedTo(ActUserDisabled)
	need(h.Users.SetPassword(h.ctx, Operator, u.ID, []byte("sealed")))(h)
	h.changedTo(ActPasswordSet)

	need(h.Users.Import(h.ctx, Operator, UserImportOptions{}, []UserImport{{ID: h.Users.NewID(), Change: UserChange{Username: ptr("bob"), ExternalID: ptr("1")}}}))(h)
	h.clock.add(time.Second)
	need(h.Users.Import(h.ctx, Operator, UserImportOptions{Update: true}, []UserImport{{Change: UserChange{Username: ptr("robert"), ExternalID: ptr("1")}}}))(h)
	h.changedTo(ActUserChanged, FieldChange{Field: "username"})
}

func TestTheAuditTrailTellsWhatChangedOfAnApp(t *testing.T) {
	h := newHouse(t)
	c := h.client("app")
	m := c.Metadata
	h.clock.add(time.Second)
	m.RedirectURIs = []string{"https://app.example/cb", "https://other.example/cb"}
	m.Scopes = []string{ScopeOpenID}
	m.Contacts = []string{"dev@app.example"}
	old := strings.Join(c.Metadata.RedirectURIs, " ")
	before := strings.Join(c.Metadata.Scopes, " ")
	need(h.Clients.Change(h.ctx, Operator, c.ID, 0, m))(h)
	h.changedTo(ActClientChanged, FieldChange{Field: "redirect_uris", Old: old, New: "https://app.example/cb https://other.example/cb"},
		FieldChange{Field: "contacts"}, FieldChange{Field: "scope", Old: before, New: "openid"})
	need(h.Clients.SetFirstParty(h.ctx, Operator, c.ID, true))(h)
	h.changedTo(ActClientChanged, FieldChange{Field: "first_party", Old: "false", New: "true"})
	need(h.Clients.Change(h.ctx, Operator, c.ID, 0, m))(h)
	h.changedTo(ActClientChanged)
	need(h.Clients.SetState(h.ctx, Operator, c.ID, ClientSuspended))(h)
	h.changedTo(ActClientState)

	now := need(h.Clients.Get(h.ctx, c.ID))(h)
	m.ClientName = "Another"
	need(h.Clients.Import(h.ctx, Operator, false, []ClientImport{{NewClient: NewClient{ID: c.ID, Metadata: m, Secret: []byte("s")}, Revision: now.Revision}}))(h)
	events, _, err := h.Audit.List(h.ctx, nil, 2)
	h.ok(err)
	for _, e := range events {
		if e.Act == ActClientChanged && len(e.Changes) != 1 || e.Act != ActClientChanged && len(e.Changes) > 0 {
			t.Errorf("%+v", e)
		}
	}
}

// A record that an older version made lacks what has a default by now.
func TestWhatARecordPredatesIsNoChangeOfIt(t *testing.T) {
	h := newHouse(t)
	c := h.client("app")
	c.Metadata.Consent, c.Metadata.AccessTokenFormat = "", ""
	h.plant(func(b *base, w writer) error { return b.clients.put(w, c) })
	h.clock.add(time.Second)
	need(h.Clients.AddSecret(h.ctx, Operator, c.ID, []byte("s"), "", time.Hour))(h)
	h.changedTo(ActSecretRotated)
	need(h.Clients.SetFirstParty(h.ctx, Operator, c.ID, true))(h)
	h.changedTo(ActClientChanged, FieldChange{Field: "first_party", Old: "false", New: "true"})
	need(h.Clients.SetState(h.ctx, Operator, c.ID, ClientSuspended))(h)
	h.changedTo(ActClientState)

	// And an event that it made has no changes.
	event := Event{ID: h.base.newID(), Time: h.base.instant(), Act: ActClientChanged, Client: c.ID, Detail: "App"}
	h.plant(func(b *base, w writer) error { return b.audit.put(w, &event) })
	h.changedTo(ActClientChanged)
}

func TestTheAuditTrailTellsWhatChangedOfGroupsAndAPIs(t *testing.T) {
	h := newHouse(t)
	g := need(h.Groups.Create(h.ctx, Operator, "staff", ""))(h)
	h.clock.add(time.Second)
	need(h.Groups.Change(h.ctx, Operator, g.ID, GroupChange{Name: ptr("crew")}))(h)
	h.changedTo(ActGroupChanged, FieldChange{Field: "name", Old: "staff", New: "crew"})

	v := need(h.Resources.Create(h.ctx, Operator, Once{}, NewResource{Identifier: "https://api.example", Name: "API", Secret: []byte("x"), Scopes: []ResourceScope{{Name: "read", Words: "see it"}}}))(h)
	h.clock.add(time.Second)
	need(h.Resources.Change(h.ctx, Operator, v.ID, 0, ResourceChange{Name: ptr("Orders"), Scopes: []ResourceScope{{Name: "read", Words: "see all of it"}, {Name: "write", Words: "change it"}}}))(h)
	h.changedTo(ActResourceChanged, FieldChange{Field: "name", Old: "API", New: "Orders"},
		FieldChange{Field: "scopes", Old: `read="see it"`, New: `read="see all of it" write="change it"`})
	need(h.Resources.Disable(h.ctx, Operator, v.ID, true))(h)
	h.changedTo(ActResourceState)
}

// Of a long list what differs is told, and nothing is told at length.
func TestWhatTheAuditTrailTellsOfAChangeIsBounded(t *testing.T) {
	h := newHouse(t)
	c := h.client("app")
	m := c.Metadata
	h.clock.add(time.Second)
	m.RedirectURIs = nil
	for i := range 20 {
		m.RedirectURIs = append(m.RedirectURIs, fmt.Sprintf("https://app.example/%d", i))
	}
	need(h.Clients.Change(h.ctx, Operator, c.ID, 0, m))(h)
	h.clock.add(time.Second)
	m.RedirectURIs = append(m.RedirectURIs[:len(m.RedirectURIs)-1:len(m.RedirectURIs)-1], "https://fresh.example")
	m.ClientName, m.PolicyURI = "Ä", "https://app.example/"+strings.Repeat("a", 400)
	need(h.Clients.Change(h.ctx, Operator, c.ID, 0, m))(h)
	for _, f := range h.lastChanges(ActClientChanged) {
		if len(f.Old) > changeMost || len(f.New) > changeMost {
			t.Errorf("%+v", f)
		}
		if f.Field == "redirect_uris" && (f.Old != "… https://app.example/19" || f.New != "… https://fresh.example") {
			t.Errorf("%+v", f)
		}
	}
	for n := range 4 {
		text := strings.Repeat("a", n) + strings.Repeat("é", 200)
		got := leafOf("x", reflect.ValueOf(text)).against(leafOf("x", reflect.ValueOf("")))
		if len(got) > changeMost || !utf8.ValidString(got) || !strings.HasPrefix(text, strings.TrimSuffix(got, "…")) {
			t.Errorf("%q", got)
		}
	}
	text, err := json.Marshal(Event{})
	if err != nil || strings.Contains(string(text), "changes") {
		t.Errorf("%s, %v", text, err)
	}
}
