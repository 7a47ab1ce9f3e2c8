package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/internal/strictjson"
)

// jsonFileMost is more than anything of this kind may have.
const jsonFileMost = 64 << 10

// jsonFile is a flag whose value is what a file of JSON holds.
type jsonFile struct {
	name string
	text json.RawMessage
}

func (f *jsonFile) String() string { return f.name }

func (f *jsonFile) Type() string { return "file" }

func (f *jsonFile) Set(name string) error {
	f.name = name
	if isBlank(name) {
		return errors.New("is empty: name a file")
	}
	text, err := os.ReadFile(name)
	text = textutil.WithoutMark(text)
	switch {
	case err != nil:
		return textutil.FileReason(err)
	case len(text) > jsonFileMost:
		return fmt.Errorf("%s has %d KiB: it must have at most %d", name, len(text)>>10, jsonFileMost>>10)
	case !json.Valid(text):
		return errors.New(name + " is not JSON")
	}
	if err := strictjson.Check(text); err != nil {
		return fmt.Errorf("%s cannot be taken: %w", name, err)
	}
	f.text = text
	return nil
}

// keyLines is a JWK Set as people read it: a line for each key.
func keyLines(set json.RawMessage) string {
	var in struct {
		Keys []struct{ Kty, Crv, Alg, Kid string }
	}
	if len(set) == 0 || json.Unmarshal(set, &in) != nil {
		return string(set)
	}
	lines := make([]string, len(in.Keys))
	for i, k := range in.Keys {
		lines[i] = strings.Join(strings.Fields(strings.Join([]string{k.Kty, k.Crv, k.Alg, k.Kid}, " ")), " ")
	}
	return strings.Join(lines, "\n")
}
