package storage

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"latchkey/storage/kv"
)

// FieldChange is one field that an act changed, by its name on the wire. Old and New
// are for people, and cut short where they are long. Neither is kept of what the trail
// must not hold for as long as it holds the act: what is known of a person, and keys.
// Settings hold no secrets: whoever may read the trail may list them.
type FieldChange struct {
	Field string `cbor:"1,keyasint" json:"field"`
	Old   string `cbor:"2,keyasint,omitempty" json:"old,omitempty"`
	New   string `cbor:"3,keyasint,omitempty" json:"new,omitempty"`
	Unit  string `cbor:"4,keyasint,omitempty" json:"unit,omitempty"` // of a number, as in [Setting]
}

// changeMost bounds Old and New, in bytes. A record has some forty fields at most.
const changeMost = 200

// with says which fields of a record the event changed.
func (e *Event) with(fields []FieldChange) *Event {
	e.Changes = fields
	return e
}

// compare returns the fields that differ, with their values where told allows it. The
// leaves are those of two records of one kind.
func compare(before, after []leaf, told func(field string) bool) (changes []FieldChange) {
	for i, was := range before {
		is := after[i]
		if was.equal(is) || was.value.Kind() == reflect.Slice && was.value.Len()+is.value.Len() == 0 {
			continue
		}
		c := FieldChange{Field: was.name}
		if told(was.name) {
			c.Old, c.New = was.against(is), is.against(was)
		}
		changes = append(changes, c)
	}
	return changes
}

// settingChanges names the settings that another value is stored of, or none any more,
// and says what they were and are, defaults included.
func settingChanges(before, after *Settings) (changes []FieldChange) {
	was, is := *before, *after
	was.fill()
	is.fill()
	old, fresh, kept := leaves(&was), leaves(&is), leaves(after)
	for i, l := range leaves(before) {
		if isSetting(l) && !l.equal(kept[i]) {
			changes = append(changes, FieldChange{Field: l.name, Old: old[i].against(fresh[i]), New: fresh[i].against(old[i]), Unit: unitOf(l.name)})
		}
	}
	return changes
}

// userChanges tells the values that are about power, and not about the person.
func userChanges(before, after *User) []FieldChange {
	return compare(before.leaves(), after.leaves(), func(field string) bool { return field == "roles" || field == "email_verified" })
}

func (u *User) leaves() []leaf {
	v := reflect.ValueOf(u).Elem()
	own := []leaf{leafOf("username", v.FieldByName("Username")), leafOf("email", v.FieldByName("Email")), leafOf("email_verified", v.FieldByName("EmailVerified")),
		leafOf("external_id", v.FieldByName("ExternalID")), leafOf("roles", v.FieldByName("Roles"))}
	return appendLeaves(own, "", v.FieldByName("Profile"))
}

func clientChanges(before, after *Client) []FieldChange {
	was, is := *before, *after // what either predates is no change
	was.fill()
	is.fill()
	return compare(was.leaves(), is.leaves(), func(field string) bool { return field != "contacts" && field != "jwks" })
}

// leaves leaves out what has acts of its own: state and secrets.
func (c *Client) leaves() []leaf {
	m := reflect.ValueOf(&c.Metadata).Elem()
	all := slices.DeleteFunc(appendLeaves(nil, "", m), func(l leaf) bool { return l.name == "-" })
	return append(all, leafOf("scope", m.FieldByName("Scopes")), leafOf("allowed_groups", m.FieldByName("AllowedGroups")),
		leafOf("first_party", reflect.ValueOf(&c.FirstParty).Elem()))
}

func groupChanges(before, after *Group) []FieldChange {
	return compare(before.leaves(), after.leaves(), func(string) bool { return true })
}

func (g *Group) leaves() []leaf {
	return []leaf{leafOf("name", reflect.ValueOf(&g.Name).Elem()), leafOf("description", reflect.ValueOf(&g.Description).Elem())}
}

// resourceLeaves has the scopes with the words that people consent to.
func (b *base) resourceLeaves(r kv.Reader, v *Resource) ([]leaf, error) {
	scopes := make([]string, len(v.Scopes))
	for i, name := range v.Scopes {
		sc, err := b.scopes.get(r, key{}.str(name))
		if err != nil {
			return nil, err
		}
		if scopes[i] = name; sc != nil {
			scopes[i] = fmt.Sprintf("%s=%q", name, sc.Words)
		}
	}
	return []leaf{leafOf("name", reflect.ValueOf(v.Name)), leafOf("scopes", reflect.ValueOf(scopes))}, nil
}

// against is the value in words, at most changeMost bytes. Of a list that is longer it
// is what the other value has not, which is what changed.
func (l leaf) against(other leaf) string {
	all := l.words()
	text := strings.Join(all, " ")
	if len(text) <= changeMost {
		return text
	}
	if l.value.Kind() == reflect.Slice {
		others := other.words()
		only := slices.DeleteFunc(all, func(one string) bool { return slices.Contains(others, one) })
		text = "… " + strings.Join(only, " ")
	}
	if len(text) <= changeMost {
		return text
	}
	const more = "…"
	end := changeMost - len(more)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}

// words is the value as texts: of a list each member.
func (l leaf) words() []string {
	v := l.value
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		if v.Len() == 0 {
			return nil
		}
		return []string{strconv.Itoa(v.Len()), "bytes"}
	case v.Kind() == reflect.Slice:
		all := make([]string, v.Len())
		for i := range all {
			all[i] = fmt.Sprint(v.Index(i).Interface())
		}
		return all
	}
	return []string{fmt.Sprint(v.Interface())}
}
