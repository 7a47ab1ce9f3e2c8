package strictjson

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

type inner struct {
	Region string `json:"region,omitempty"`
}

type Embedded struct {
	Name string `json:"name"`
}

type object struct {
	Embedded
	Roles   []string         `json:"roles"`
	Address *inner           `json:"address"`
	List    []inner          `json:"list"`
	Map     map[string]inner `json:"map"`
	Raw     json.RawMessage  `json:"raw"`
	Any     any              `json:"any"`
	Plain   string
}

func TestWhatIsNotAsItMustBeIsRefusedBeforeDecoding(t *testing.T) {
	for text, want := range map[string]error{
		"{\"name\":\"\xff\"}":          ErrUTF8,
		`{"name":"\ud800"}`:            ErrSurrogate,
		`{"name":"\udc00\ud800"}`:      ErrSurrogate,
		`{"name":"\ud800\u0041"}`:      ErrSurrogate,
		`{"name":"\ud800x"}`:           ErrSurrogate,
		`{"name":"\ud83d\ude00"}`:      nil,
		`{"name":"\\ud800"}`:           nil,
		`{"name":"a","name":"b"}`:      ErrTwice,
		`{"name":"a","\u006eame":"b"}`: ErrTwice,
		`{"unknown":[{"a":1,"a":2}]}`:  ErrTwice,
		`{"raw":{"a":1,"a":2}}`:        ErrTwice,
		`{"raw":"\ud800"}`:             ErrSurrogate,
		`{"name":"a","address":{}}`:    nil,
		`[{"a":1},{"a":2}]`:            nil,
	} {
		if err := Check([]byte(text)); !errors.Is(err, want) {
			t.Errorf("Check %s: %v, want %v", text, err, want)
		}
		if strings.HasPrefix(text, "[") {
			continue
		}
		if err := Unmarshal([]byte(text), new(object)); !errors.Is(err, want) {
			t.Errorf("Unmarshal %s: %v, want %v", text, err, want)
		}
	}
	for _, text := range []string{"", "{", "{} {}", `{"a"}`, strings.Repeat("[", 1_000_000)} {
		if Check([]byte(text)) == nil {
			t.Errorf("%.20q is taken for JSON", text)
		}
	}
}

func TestNamesOfMembersAreMatchedExactly(t *testing.T) {
	wrong := `{"NAME":"x","Roles":["admin"],"address":{"REGION":"x"},"list":[{"Region":"x"}],
		"map":{"a":{"rEGION":"x"}},"\u0052OLES":["admin"],"ro\u006ces":["right"],"plain":"x","raw":{"NAME":1},"any":{"NAME":1}}`
	got := object{Embedded: Embedded{Name: "kept"}}
	if err := Unmarshal([]byte(wrong), &got); err != nil {
		t.Fatal(err)
	}
	want := object{Embedded: Embedded{Name: "kept"}, Roles: []string{"right"}, Address: &inner{}, List: []inner{{}},
		Map: map[string]inner{"a": {}}, Raw: json.RawMessage(`{"NAME":1}`), Any: map[string]any{"NAME": 1.0}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for text, want := range map[string]string{`{"ROLES":[]}`: "ROLES", `{"other":1}`: "other", `{"address":{"Region":""}}`: "Region"} {
		if err := UnmarshalKnown([]byte(text), new(object)); err == nil || err.Error() != `json: unknown field "`+want+`"` {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What both take they take alike, and nothing panics.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"name":"a","roles":["b"],"address":{"region":"c"}}`))
	f.Add([]byte(`{"NAME":"\ud83d\ude00","\u0052oles":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var strict, lenient map[string]any
		if Unmarshal(text, &strict) != nil {
			return
		}
		if err := json.Unmarshal(text, &lenient); err != nil || !reflect.DeepEqual(strict, lenient) {
			t.Errorf("%v and %v, %v", strict, lenient, err)
		}
		_ = Unmarshal(text, new(object))
	})
}
