package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"

	"latchkey/api/wire"

	"github.com/rogpeppe/go-internal/testscript"
)

func fetch(ts *testscript.TestScript, _ bool, args []string) {
	res, err := http.Get(args[0])
	ts.Check(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o600))
}

func published(ts *testscript.TestScript, _ bool, args []string) {
	var list wire.KeyList
	var set struct {
		Keys []struct{ Kid string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &list))
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &set))
	kids := map[string]bool{}
	for _, k := range set.Keys {
		kids[k.Kid] = true
	}
	for _, k := range list.SigningKeys {
		if !k.Enabled || !kids[k.ID] {
			ts.Fatalf("key %s (%s) is not published", k.ID, k.State)
		}
	}
	if len(kids) != len(list.SigningKeys) || len(kids) < 4 {
		ts.Fatalf("%d keys are listed, %d published", len(list.SigningKeys), len(kids))
	}
}
