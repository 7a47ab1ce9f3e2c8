package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Errors about the text itself. None of them repeats any of it.
var (
	ErrUTF8      = errors.New("it is not UTF-8")
	ErrSurrogate = errors.New(`an escape \u names half of a surrogate pair`)
	ErrTwice     = errors.New("an object names a member twice")
)

// Check returns an error if text is no JSON, or breaks a rule of this package.
func Check(text []byte) error {
	var any any
	_, err := exact(text, reflect.TypeOf(&any), false)
	return err
}

// Unmarshal is json.Unmarshal by the rules of this package. A member of v is set by
// exactly its own name; members that v does not have are ignored.
func Unmarshal(text []byte, v any) error {
	text, err := exact(text, reflect.TypeOf(v), false)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// UnmarshalKnown is Unmarshal that refuses members which v does not have, with the
// error of json.Decoder.DisallowUnknownFields.
func UnmarshalKnown(text []byte, v any) error {
	text, err := exact(text, reflect.TypeOf(v), true)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// exact checks text, and returns it with those names masked that the standard library
// would take for a member of t though they are spelled otherwise.
func exact(text []byte, t reflect.Type, known bool) ([]byte, error) {
	var syntax json.RawMessage
	if err := json.Unmarshal(text, &syntax); err != nil { // which also bounds the depth
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, ErrUTF8
	}
	if loneSurrogate(text) {
		return nil, ErrSurrogate
	}
	w := walker{text: bytes.Clone(text), tokens: json.NewDecoder(bytes.NewReader(text)), known: known}
	if err := w.value(t); err != nil {
		return nil, err
	}
	return w.text, nil
}

// loneSurrogate looks at a valid JSON text: a backslash is within a string there, and
// something follows it.
func loneSurrogate(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++ // what is escaped
		if text[i] != 'u' {
			continue
		}
		unit := unitAt(text, i+1)
		i += 4
		switch {
		case unit < 0xd800 || unit > 0xdfff:
		case unit >= 0xdc00 || i+2 >= len(text) || text[i+1] != '\\' || text[i+2] != 'u':
			return true
		default:
			if low := unitAt(text, i+3); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 6
		}
	}
	return false
}

func unitAt(text []byte, at int) uint64 {
	unit, _ := strconv.ParseUint(string(text[at:at+4]), 16, 16)
	return unit
}

// walker goes over the tokens of a text beside the type that it is decoded into.
type walker struct {
	text   []byte // changed where a name is masked
	tokens *json.Decoder
	known  bool // refuse names that are spelled otherwise than a member, rather than mask them
}

// value passes over one value. A nil t is one of which nothing is known.
func (w *walker) value(t reflect.Type) error {
	token, err := w.tokens.Token()
	if err != nil {
		return err
	}
	t = contents(t)
	switch token {
	case json.Delim('{'):
		err = w.object(t)
	case json.Delim('['):
		var each reflect.Type
		if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
			each = t.Elem()
		}
		for err == nil && w.tokens.More() {
			err = w.value(each)
		}
	default:
		return nil
	}
	if err == nil {
		_, err = w.tokens.Token() // the end of it
	}
	return err
}

func (w *walker) object(t reflect.Type) error {
	var members map[string]reflect.Type
	var each reflect.Type
	if t != nil && t.Kind() == reflect.Struct {
		members = membersOf(t)
	} else if t != nil && t.Kind() == reflect.Map {
		each = t.Elem()
	}
	seen := make(map[string]bool)
	for w.tokens.More() {
		from := w.tokens.InputOffset()
		token, err := w.tokens.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
		if seen[name] {
			return ErrTwice
		}
		seen[name] = true
		inner, has := members[name]
		switch {
		case members == nil:
			inner = each
		case !has && misspelled(members, name) && w.known:
			return fmt.Errorf("json: unknown field %q", name)
		case !has && misspelled(members, name):
			w.mask(from, w.tokens.InputOffset())
		}
		if err := w.value(inner); err != nil {
			return err
		}
	}
	return nil
}

// mask overwrites the name that is between two offsets, and ends at the second.
func (w *walker) mask(from, to int64) {
	start := from + int64(bytes.IndexByte(w.text[from:to], '"')) + 1
	for i := start; i < to-1; i++ {
		w.text[i] = '~'
	}
}

// misspelled reports whether the standard library would take a name for a member's.
func misspelled(members map[string]reflect.Type, name string) bool {
	for member := range members {
		if strings.EqualFold(member, name) {
			return true
		}
	}
	return false
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// contents is the type that JSON is decoded into for t; nil if t decodes itself.
func contents(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		if t.Implements(unmarshaler) {
			return nil
		}
		t = t.Elem()
	}
	if t == nil || reflect.PointerTo(t).Implements(unmarshaler) {
		return nil
	}
	return t
}

// membersOf are the members of a struct by name, those of embedded structs included.
func membersOf(t reflect.Type) map[string]reflect.Type {
	members := make(map[string]reflect.Type)
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		embedded := f.Anonymous && name == ""
		if tag == "-" || !f.IsExported() || embedded {
			continue
		}
		if name == "" {
			name = f.Name
		}
		members[name] = f.Type
	}
	return members
}
