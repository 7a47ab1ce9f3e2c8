package storage

import (
	"testing"
	"time"

	"latchkey/storage/kv"
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
			b := DefaultSettings().Branding
			b.Name = name
			return b.validate()
		},
	}
	for name, want := range map[string]bool{
		"Ada": true, "Ada Lovelace": true, "علی\u200cرضا": true, "क्\u200dष": true, "I ❤\ufe0f\u200d🔥 U": true, "👩\u200d💻": true, "日本語": true, "→": true, "007": true,
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
	need(h.Users.alter(h.ctx, Operator, u.ID, ActUserChanged, func(_ kv.Txn, u *User, _ time.Time) error {
		u.Profile, u.ExternalID = stored, external
		return nil
	}))(h)
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

// imports imports one account, and returns why it was refused.
func (h *house) imports(c UserChange) error {
	h.t.Helper()
	done := need(h.Users.Import(h.ctx, Operator, UserImportOptions{Update: true},
		[]UserImport{{ID: h.Users.NewID(), Change: c}}))(h)
	return done[0].Err
}
