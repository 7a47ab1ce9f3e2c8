package people_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestNamesThatPeopleSeeCanBeSeen(t *testing.T) {
	h := storetest.NewHouse(t)
	h.Client("demo")
	v := h.Resource(storetest.Orders())
	u := h.User("ada")
	doors := map[string]func(name string) error{
		"group": func(name string) error { _, err := h.Groups.Create(h.Ctx, storage.Operator, name, ""); return err },
		"person": func(name string) error {
			_, err := h.Users.Change(h.Ctx, storage.Operator, u.ID,
				people.UserChange{Profile: &people.Profile{Name: name}})
			return err
		},
		"app": func(name string) error {
			m := storetest.WebMetadata()
			m.ClientName = name
			_, err := h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, m)
			return err
		},
		"API": func(name string) error {
			_, err := h.Resources.Change(h.Ctx, storage.Operator, v.ID, 0, apps.ResourceChange{Name: &name})
			return err
		},
		"platform": func(name string) error {
			return h.Settings.Change(h.Ctx, storage.Operator,
				[]policy.SettingChange{storetest.Change("branding.name", string(table.Must(json.Marshal(name))))})
		},
	}
	for name, want := range map[string]bool{
		"Ada": true, "Ada Lovelace": true, "علی\u200cرضا": true, "क्\u200dष": true, "I ❤\ufe0f\u200d🔥 U": true,
		"👩\u200d💻": true, "日本語": true, "→": true, "007": true,
		"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f":   true,
		"🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f x": true,
		"🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f":   true, "🏴\U000e0067\U000e0062": false,
		"x\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": false,
		"\u200b": false, "\ufeff": false, "\u2800": false, "Ad\u200ba": false, "Ada\ufeff": false,
		"A\u2800a": false, "Ada\u00ad": false, "\u3164": false,
		"A\u200dda": false, "Ada\ufe0f": false, "\u0301": false, "Ada\u2060": false, "Ada\U000e0041": false,
		"Ada\u200e": false, "❤\ufe0f\ufe0f": false,
	} {
		for door, take := range doors {
			if err := take(name); (err == nil) != want {
				t.Errorf("%s %+q: %v", door, name, err)
			}
		}
	}
	h.Sound()
}

// What an earlier version stored must not stand in the way of a change to something else.
func TestAStoredNameThatCannotBeSeenBlocksNoOtherChange(t *testing.T) {
	h := storetest.NewHouse(t)
	u := h.User("ada")
	external := "1"
	stored := people.Profile{Name: "Ad\u200ba"}
	h.Plant(func(f *store.Floors, tx storetest.Writer) error {
		u.Profile, u.ExternalID = stored, external
		return f.People.Users.Put(tx, u)
	})
	for door, take := range map[string]func(people.UserChange) error{
		"change": func(c people.UserChange) error {
			_, err := h.Users.Change(h.Ctx, storage.Operator, u.ID, c)
			return err
		},
		"import": func(c people.UserChange) error {
			c.ExternalID = &external
			return h.Imports(c)
		},
	} {
		kept, another, more := stored, stored, stored
		kept.Nickname, another.Name, more.Nickname = "countess by "+door, "A\u200bda", "A\u200bd"
		if err := take(people.UserChange{Profile: &kept}); err != nil {
			t.Errorf("%s beside the stored name: %v", door, err)
		}
		if got := storetest.Need(h.Users.Get(h.Ctx, u.ID))(h); got.Profile != kept {
			t.Errorf("%s left %+v", door, got.Profile)
		}
		storetest.WantInvalid(t, take(people.UserChange{Profile: &another}), "name")
		storetest.WantInvalid(t, take(people.UserChange{Profile: &more}), "nickname")
	}
	other := "other"
	storetest.WantInvalid(t, h.Imports(people.UserChange{Username: &other, Profile: &stored}), "name")
	_, err := h.Users.Create(h.Ctx, storage.Operator, people.User{Username: other, Profile: stored})
	storetest.WantInvalid(t, err, "name")
	h.Sound()
}

func TestAStoredNameOfAnotherThingThatCannotBeSeenBlocksNoOtherChange(t *testing.T) {
	h := storetest.NewHouse(t)
	const was, other = "De\u200bmo", "De\u200bm"
	g, v, c := storetest.Need(h.Groups.Create(h.Ctx, storage.Operator, "staff", ""))(h),
		h.Resource(storetest.Orders()), h.Client("demo")
	set := storetest.Need(h.Settings.Get(h.Ctx))(h)
	set.Branding.Name = was
	h.Plant(func(f *store.Floors, tx storetest.Writer) error {
		g.Name, g.Description, v.Name, c.Metadata.ClientName = was, was, was, was
		words := storetest.Need(f.Apps.Scopes.Get(tx, table.Key{}.Str(v.Scopes[0])))(h)
		words.Words = was
		return errors.Join(f.People.Groups.Put(tx, g), f.Apps.Resources.Put(tx, v), f.Apps.Clients.Put(tx, c),
			f.Policy.Settings.Put(tx, &set), f.Apps.Scopes.Put(tx, words))
	})
	group := func(c people.GroupChange) error {
		_, err := h.Groups.Change(h.Ctx, storage.Operator, g.ID, c)
		return err
	}
	resource := func(c apps.ResourceChange) error {
		_, err := h.Resources.Change(h.Ctx, storage.Operator, v.ID, 0, c)
		return err
	}
	scope := func(words string) apps.ResourceChange {
		return apps.ResourceChange{Scopes: []apps.ResourceScope{{Name: v.Scopes[0], Words: words,
			Sensitivity: apps.SensitivityHigh}}}
	}
	client := func(name, uri string) error {
		m := storetest.WebMetadata()
		m.ClientName, m.ClientURI = name, uri
		_, err := h.Clients.Change(h.Ctx, storage.Operator, "demo", 0, m)
		return err
	}
	setting := func(name, value string) error {
		return h.Settings.Change(h.Ctx, storage.Operator, []policy.SettingChange{storetest.Change(name, value)})
	}
	h.Ok(group(people.GroupChange{Description: storetest.Ptr("seen")}))
	storetest.WantInvalid(t, group(people.GroupChange{Description: storetest.Ptr(other)}), "description")
	h.Ok(group(people.GroupChange{Name: storetest.Ptr("crew")}))
	storetest.WantInvalid(t, group(people.GroupChange{Name: storetest.Ptr(other)}), "name")
	h.Ok(resource(scope(was)))
	storetest.WantInvalid(t, resource(scope(other)), `scopes: the words of "`+v.Scopes[0]+`"`)
	storetest.WantInvalid(t, resource(apps.ResourceChange{Name: storetest.Ptr(other)}), "name")
	h.Ok(client(was, "https://app.example"))
	storetest.WantInvalid(t, client(other, "https://app.example"), "client_name")
	h.Ok(setting("branding.accent", `"#123456"`))
	storetest.WantInvalid(t, setting("branding.name", strconv.Quote(other)), "branding.name")
	h.Sound()
}
