package audit_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
)

func TestTheAuditTrailTellsWhatSettingsWereAndAre(t *testing.T) {
	h := storetest.NewHouse(t)
	set := func(changes ...policy.SettingChange) { h.Ok(h.Settings.Change(h.Ctx, storage.Operator, changes)) }
	set(storetest.Change("lifetimes.session_idle", "2592000"),
		storetest.Change("branding.home_url", `"https://a.example"`),
		storetest.Change("signing_algorithms", `["RS256"]`))
	h.ChangedTo(audit.ActSettings, audit.FieldChange{Field: "branding.home_url", New: "https://a.example"},
		audit.FieldChange{Field: "lifetimes.session_idle", Old: "604800", New: "2592000", Unit: "seconds"},
		audit.FieldChange{Field: "signing_algorithms", Old: "RS256 ES256", New: "RS256"})
	set(storetest.Change("lifetimes.session_idle", "null"), storetest.Change("lifetimes.session_idle", "null"),
		storetest.Change("throttle.failures", "null"))
	h.ChangedTo(audit.ActSettings, audit.FieldChange{Field: "lifetimes.session_idle", Old: "2592000", New: "604800",
		Unit: "seconds"})
	set(storetest.Change("branding.logo", `"aGk="`), storetest.Change("branding.logo_type", `"image/png"`))
	h.ChangedTo(audit.ActSettings, audit.FieldChange{Field: "branding.logo", New: "2 bytes"},
		audit.FieldChange{Field: "branding.logo_type", New: "image/png"})
	set(storetest.Change("key_rotation_seconds", "0"))
	h.ChangedTo(audit.ActSettings, audit.FieldChange{Field: "key_rotation_seconds", Old: "7776000", New: "0",
		Unit: "seconds"})

	all := h.SettingsNow()
	all.Throttle.Failures = 7
	h.Ok(h.Settings.Set(h.Ctx, storage.Operator, all))
	h.ChangedTo(audit.ActSettings, audit.FieldChange{Field: "throttle.failures", Old: "10", New: "7", Unit: "attempts"})
}

func TestTheAuditTrailNamesWhatChangedOfAPersonAndTellsOnlyWhatIsAboutPower(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Admin("root")
	u := h.User("ada")
	h.Clock.Add(time.Second)
	storetest.Need(h.Users.Change(h.Ctx, storage.Operator, u.ID,
		people.UserChange{Email: storetest.Ptr("private@example.org"), EmailVerified: storetest.Ptr(true),
			Roles:   &[]storage.Role{storage.RoleAdmin},
			Profile: &people.Profile{Birthdate: "2000-01-01", Address: people.Address{Country: "Atlantis"}}}))(h)
	h.ChangedTo(audit.ActUserChanged, audit.FieldChange{Field: "email"},
		audit.FieldChange{Field: "email_verified", Old: "false", New: "true"},
		audit.FieldChange{Field: "roles", New: "admin"}, audit.FieldChange{Field: "birthdate"},
		audit.FieldChange{Field: "address.country"})
	storetest.Need(h.Users.Disable(h.Ctx, storage.Operator, u.ID))(h)
	h.ChangedTo(audit.ActUserDisabled)
	storetest.Need(h.Users.SetPassword(h.Ctx, storage.Operator, u.ID, []byte("sealed")))(h)
	h.ChangedTo(audit.ActPasswordSet)

	storetest.Need(h.Users.Import(h.Ctx, storage.Operator, people.UserImportOptions{},
		[]people.UserImport{{ID: h.Users.NewID(),
			Change: people.UserChange{Username: storetest.Ptr("bob"), ExternalID: storetest.Ptr("1")}}}))(h)
	h.Clock.Add(time.Second)
	storetest.Need(h.Users.Import(h.Ctx, storage.Operator, people.UserImportOptions{Update: true},
		[]people.UserImport{{Change: people.UserChange{Username: storetest.Ptr("robert"),
			ExternalID: storetest.Ptr("1")}}}))(h)
	h.ChangedTo(audit.ActUserChanged, audit.FieldChange{Field: "username"})
}

func TestTheAuditTrailTellsWhatChangedOfAnApp(t *testing.T) {
	h := storetest.NewHouse(t)
	c := h.Client("app")
	m := c.Metadata
	h.Clock.Add(time.Second)
	m.RedirectURIs = []string{"https://app.example/cb", "https://other.example/cb"}
	m.Scopes = []string{apps.ScopeOpenID}
	m.Contacts = []string{"dev@app.example"}
	old := strings.Join(c.Metadata.RedirectURIs, " ")
	before := strings.Join(c.Metadata.Scopes, " ")
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m))(h)
	h.ChangedTo(audit.ActClientChanged, audit.FieldChange{Field: "redirect_uris", Old: old,
		New: "https://app.example/cb https://other.example/cb"},
		audit.FieldChange{Field: "contacts"}, audit.FieldChange{Field: "scope", Old: before, New: "openid"})
	storetest.Need(h.Clients.SetFirstParty(h.Ctx, storage.Operator, c.ID, true))(h)
	h.ChangedTo(audit.ActClientChanged, audit.FieldChange{Field: "first_party", Old: "false", New: "true"})
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m))(h)
	h.ChangedTo(audit.ActClientChanged)
	storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, c.ID, apps.ClientSuspended))(h)
	h.ChangedTo(audit.ActClientState)

	now := storetest.Need(h.Clients.Get(h.Ctx, c.ID))(h)
	m.ClientName = "Another"
	storetest.Need(h.Clients.Import(h.Ctx, storage.Operator, false,
		[]apps.ClientImport{{NewClient: apps.NewClient{ID: c.ID, Metadata: m, Secret: []byte("s")},
			Revision: now.Revision}}))(h)
	events, _, err := h.Audit.List(h.Ctx, nil, 2)
	h.Ok(err)
	for _, e := range events {
		if e.Act == audit.ActClientChanged && len(e.Changes) != 1 || e.Act != audit.ActClientChanged &&
			len(e.Changes) > 0 {
			t.Errorf("%+v", e)
		}
	}
}

// A record that an older version made lacks what has a default by now.
func TestWhatARecordPredatesIsNoChangeOfIt(t *testing.T) {
	h := storetest.NewHouse(t)
	c := h.Client("app")
	c.Metadata.Consent, c.Metadata.AccessTokenFormat = "", ""
	h.Plant(func(f *store.Floors, w storetest.Writer) error { return f.Apps.Clients.Put(w, c) })
	h.Clock.Add(time.Second)
	storetest.Need(h.Clients.AddSecret(h.Ctx, storage.Operator, c.ID, []byte("s"), "", time.Hour))(h)
	h.ChangedTo(audit.ActSecretRotated)
	storetest.Need(h.Clients.SetFirstParty(h.Ctx, storage.Operator, c.ID, true))(h)
	h.ChangedTo(audit.ActClientChanged, audit.FieldChange{Field: "first_party", Old: "false", New: "true"})
	storetest.Need(h.Clients.SetState(h.Ctx, storage.Operator, c.ID, apps.ClientSuspended))(h)
	h.ChangedTo(audit.ActClientState)

	// And an event that it made has no changes.
	event := audit.Event{ID: h.Floors.DB.NewID(), Time: h.Floors.DB.Instant(), Act: audit.ActClientChanged,
		Client: c.ID, Detail: "App"}
	h.Plant(func(f *store.Floors, w storetest.Writer) error { return f.Trail.Audit.Put(w, &event) })
	h.ChangedTo(audit.ActClientChanged)
}

func TestTheAuditTrailTellsWhatChangedOfGroupsAndAPIs(t *testing.T) {
	h := storetest.NewHouse(t)
	g := storetest.Need(h.Groups.Create(h.Ctx, storage.Operator, "staff", ""))(h)
	h.Clock.Add(time.Second)
	storetest.Need(h.Groups.Change(h.Ctx, storage.Operator, g.ID, people.GroupChange{Name: storetest.Ptr("crew")}))(h)
	h.ChangedTo(audit.ActGroupChanged, audit.FieldChange{Field: "name", Old: "staff", New: "crew"})

	v := storetest.Need(h.Resources.Create(h.Ctx, storage.Operator, policy.Once{},
		apps.NewResource{Identifier: "https://api.example", Name: "API", Secret: []byte("x"),
			Scopes: []apps.ResourceScope{{Name: "read", Words: "see it"}}}))(h)
	h.Clock.Add(time.Second)
	storetest.Need(h.Resources.Change(h.Ctx, storage.Operator, v.ID, 0,
		apps.ResourceChange{Name: storetest.Ptr("Orders"),
			Scopes: []apps.ResourceScope{{Name: "read", Words: "see all of it"},
				{Name: "write", Words: "change it"}}}))(h)
	h.ChangedTo(audit.ActResourceChanged, audit.FieldChange{Field: "name", Old: "API", New: "Orders"},
		audit.FieldChange{Field: "scopes", Old: `read="see it"`, New: `read="see all of it" write="change it"`})
	storetest.Need(h.Resources.Disable(h.Ctx, storage.Operator, v.ID, true))(h)
	h.ChangedTo(audit.ActResourceState)
}

// Of a long list what differs is told, and nothing is told at length.
func TestWhatTheAuditTrailTellsOfAChangeIsBounded(t *testing.T) {
	h := storetest.NewHouse(t)
	c := h.Client("app")
	m := c.Metadata
	h.Clock.Add(time.Second)
	m.RedirectURIs = nil
	for i := range 20 {
		m.RedirectURIs = append(m.RedirectURIs, fmt.Sprintf("https://app.example/%d", i))
	}
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m))(h)
	h.Clock.Add(time.Second)
	m.RedirectURIs = append(m.RedirectURIs[:len(m.RedirectURIs)-1:len(m.RedirectURIs)-1], "https://fresh.example")
	m.ClientName, m.PolicyURI = "Ä", "https://app.example/"+strings.Repeat("a", 400)
	storetest.Need(h.Clients.Change(h.Ctx, storage.Operator, c.ID, 0, m))(h)
	for _, f := range h.LastChanges(audit.ActClientChanged) {
		if len(f.Old) > audit.MaxChange || len(f.New) > audit.MaxChange {
			t.Errorf("%+v", f)
		}
		if f.Field == "redirect_uris" && (f.Old != "… https://app.example/19" || f.New != "… https://fresh.example") {
			t.Errorf("%+v", f)
		}
	}
	for n := range 4 {
		text := strings.Repeat("a", n) + strings.Repeat("é", 200)
		got := audit.LeafOf("x", reflect.ValueOf(text)).DescribeAgainst(audit.LeafOf("x", reflect.ValueOf("")))
		if len(got) > audit.MaxChange || !utf8.ValidString(got) ||
			!strings.HasPrefix(text, strings.TrimSuffix(got, "…")) {
			t.Errorf("%q", got)
		}
	}
	text, err := json.Marshal(audit.Event{})
	if err != nil || strings.Contains(string(text), "changes") {
		t.Errorf("%s, %v", text, err)
	}
}
