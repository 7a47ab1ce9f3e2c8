package audit

import (
	"reflect"
	"strings"
)

// Leaf is one setting: its name as it is on the wire, and where it stands.
type Leaf struct {
	Name  string
	Value reflect.Value
}

func LeafOf(name string, value reflect.Value) Leaf { return Leaf{Name: name, Value: value} }

func (l Leaf) Equal(o Leaf) bool { return reflect.DeepEqual(l.Value.Interface(), o.Value.Interface()) }

func AppendLeaves(all []Leaf, name string, v reflect.Value) []Leaf {
	if v.Kind() != reflect.Struct {
		return append(all, LeafOf(name, v))
	}
	for i := range v.NumField() {
		field, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name != "" {
			field = name + "." + field
		}
		all = AppendLeaves(all, field, v.Field(i))
	}
	return all
}
