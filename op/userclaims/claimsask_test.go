package userclaims

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func FuzzClaims(f *testing.F) {
	for _, s := range []string{"", "null", "{}", "[]",
		`{"userinfo":{"name":null,"email":null},"id_token":{"groups":null}}`,
		`{"userinfo":{"sub":{"value":"a"}},"id_token":{"acr":{"essential":true,"values":["b",1]}}}`,
		`{"id_token":{"sub":{"values":[null,"x"]}}}`, `{"userinfo":null,"id_token":{"name":null,"name":{}}}`,
		strings.Repeat("[", 2000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ask, err := Parse(s)
		if err != nil {
			return
		}
		for _, name := range ask.All() {
			if readers[name] == nil {
				t.Fatalf("%q is no claim of ours", name)
			}
		}
		if len(s) > claimsMost || s != "" && !json.Valid([]byte(s)) {
			t.Fatalf("%q is taken", s)
		}
		record, err := ask.Record()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Recorded(record); err != nil || !slices.Equal(back.All(), ask.All()) || back.Subject != "" {
			t.Fatalf("%q came back as %+v", s, back)
		}
	})
}
