package storage

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"
)

func TestNamesThatPeopleSeeCanBeSeen(t *testing.T) {
	h := newHouse(t)
	h.client("demo")
	v := h.resource(orders())
	u := h.user("ada")
	doors := map[string]func(name string) error{
		"group": func(name string) error { _, err := h.Groups.Create(h.ctx, Operator, name, ""); return err },
		"person": func(name string) error {
			_, err := h.Users.Change(h.ctx, Operator, u.ID, UserChange{Profile: &Profile{Name: name}})
			return err
		},
		"app": func(name string) error {
			m := webMetadata()
			m.ClientName = name
			_, err := h.Clients.Change(h.ctx, Operator, "demo", 0, m)
			return err
		},
		"API": func(name string) error {
			_, err := h.Resources.Change(h.ctx, Operator, v.ID, 0, ResourceChange{Name: &name})
			return err
		},
		"platform": func(name string) error {
			return h.Settings.Change(h.ctx, Operator, []SettingChange{change("branding.name", string(must(json.Marshal(name))))})
		},
	}
	for name, want := range map[string]bool{
		"Ada": true, "Ada Lovelace": true, "علی\u200cرضا": true, "क्\u200dष": true, "I ❤\ufe0f\u200d🔥 U": true, "👩\u200d💻": true, "日本語": true, "→": true, "007": true,
		"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": true, "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f x": true,
		"🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f": true, "🏴\U000e0067\U000e0062": false, "x\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": false,
		"\u200b": false, "\ufeff": false, "\u2800": false, "Ad\u200ba": false, "Ada\ufeff": false, "A\u2800a": false, "Ada\u00ad": false, "\u3164": false,
		"A\u200dda": false, "Ada\ufe0f": false, "\u0301": false, "Ada\u2060": false, "Ada\U000e0041": false, "Ada\u200e": false, "❤\ufe0f\ufe0f": false,
	} {
		for door, take := range doors {
			if err := take(name); (err == nil) != want {
				t.Errorf("%s %+q: %v", door, name, err)
			}
		}
	}
	h.sound()
}

// What an earlier version stored must not stand in the way of a change to something else.
func TestAStoredNameThatCannotBeSeenBlocksNoOtherChange(t *testing.T) {
	h := newHouse(t)
	u := h.user("ada")
	external := "1"
	stored := Profile{Name: "Ad\u200ba"}
	h.plant(func(b *base, tx writer) error {
		u.Profile, u.ExternalID = stored, external
		return b.users.put(tx, u)
	})
	for door, take := range map[string]func(UserChange) error{
		"change": func(c UserChange) error {
			_, err := h.Users.Change(h.ctx, Operator, u.ID, c)
			return err
		},
		"import": func(c UserChange) error {
			c.ExternalID = &external
			return h.imports(c)
		},
	} {
		kept, another, more := stored, stored, stored
		kept.Nickname, another.Name, more.Nickname = "countess by "+door, "A\u200bda", "A\u200bd"
		if err := take(UserChange{Profile: &kept}); err != nil {
			t.Errorf("%s beside the stored name: %v", door, err)
		}
		if got := need(h.Users.Get(h.ctx, u.ID))(h); got.Profile != kept {
			t.Errorf("%s left %+v", door, got.Profile)
		}
		wantInvalid(t, take(UserChange{Profile: &another}), "name")
		wantInvalid(t, take(UserChange{Profile: &more}), "nickname")
	}
	other := "other"
	wantInvalid(t, h.imports(UserChange{Username: &other, Profile: &stored}), "name")
	_, err := h.Users.Create(h.ctx, Operator, User{Username: other, Profile: stored})
	wantInvalid(t, err, "name")
	h.sound()
}

func TestAStoredNameOfAnotherThingThatCannotBeSeenBlocksNoOtherChange(t *testing.T) {
	h := newHouse(t)
	const was, other = "De\u200bmo", "De\u200bm"
	g, v, c := need(h.Groups.Create(h.ctx, Operator, "staff", ""))(h), h.resource(orders()), h.client("demo")
	set := need(h.Settings.Get(h.ctx))(h)
	set.Branding.Name = was
	h.plant(func(b *base, tx writer) error {
		g.Name, g.Description, v.Name, c.Metadata.ClientName = was, was, was, was
		words := need(b.scopes.get(tx, key{}.str(v.Scopes[0])))(h)
		words.Words = was
		return errors.Join(b.groups.put(tx, g), b.resources.put(tx, v), b.clients.put(tx, c), b.settings.put(tx, &set), b.scopes.put(tx, words))
	})
	group := func(c GroupChange) error { _, err := h.Groups.Change(h.ctx, Operator, g.ID, c); return err }
	resource := func(c ResourceChange) error { _, err := h.Resources.Change(h.ctx, Operator, v.ID, 0, c); return err }
	scope := func(words string) ResourceChange {
		return ResourceChange{Scopes: []ResourceScope{{Name: v.Scopes[0], Words: words, Sensitivity: SensitivityHigh}}}
	}
	client := func(name, uri string) error {
		m := webMetadata()
		m.ClientName, m.ClientURI = name, uri
		_, err := h.Clients.Change(h.ctx, Operator, "demo", 0, m)
		return err
	}
	setting := func(name, value string) error {
		return h.Settings.Change(h.ctx, Operator, []SettingChange{change(name, value)})
	}
	h.ok(group(GroupChange{Description: ptr("seen")}))
	wantInvalid(t, group(GroupChange{Description: ptr(other)}), "description")
	h.ok(group(GroupChange{Name: ptr("crew")}))
	wantInvalid(t, group(GroupChange{Name: ptr(other)}), "name")
	h.ok(resource(scope(was)))
	wantInvalid(t, resource(scope(other)), `scopes: the words of "`+v.Scopes[0]+`"`)
	wantInvalid(t, resource(ResourceChange{Name: ptr(other)}), "name")
	h.ok(client(was, "https://app.example"))
	wantInvalid(t, client(other, "https://app.example"), "client_name")
	h.ok(setting("branding.accent", `"#123456"`))
	wantInvalid(t, setting("branding.name", strconv.Quote(other)), "branding.name")
	h.sound()
}

// imports imports one account, and returns why it was refused.
func (h *house) imports(c UserChange) error {
	h.t.Helper()
	done := need(h.Users.Import(h.ctx, Operator, UserImportOptions{Update: true},
		[]UserImport{{ID: h.Users.NewID(), Change: c}}))(h)
	return done[0].Err
}
