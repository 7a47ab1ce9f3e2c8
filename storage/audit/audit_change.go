package audit

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
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
const maxChange = 200

// With says which fields of a record the event changed.
func (e *Event) With(fields []FieldChange) *Event {
	e.Changes = fields
	return e
}

// Compare returns the fields that differ, with their values where told allows it. The
// leaves are those of two records of one kind.
func Compare(before, after []Leaf, told func(field string) bool) (changes []FieldChange) {
	for i, was := range before {
		is := after[i]
		if was.Equal(is) || was.Value.Kind() == reflect.Slice && was.Value.Len()+is.Value.Len() == 0 {
			continue
		}
		c := FieldChange{Field: was.Name}
		if told(was.Name) {
			c.Old, c.New = was.DescribeAgainst(is), is.DescribeAgainst(was)
		}
		changes = append(changes, c)
	}
	return changes
}

// DescribeAgainst is the value in words, at most changeMost bytes. Of a list that is longer it
// is what the other value has not, which is what changed.
func (l Leaf) DescribeAgainst(other Leaf) string {
	all := l.texts()
	text := strings.Join(all, " ")
	if len(text) <= maxChange {
		return text
	}
	if l.Value.Kind() == reflect.Slice {
		others := other.texts()
		only := slices.DeleteFunc(all, func(one string) bool { return slices.Contains(others, one) })
		text = "… " + strings.Join(only, " ")
	}
	if len(text) <= maxChange {
		return text
	}
	const more = "…"
	end := maxChange - len(more)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}

// texts is the value as texts: of a list each member.
func (l Leaf) texts() []string {
	v := l.Value
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
