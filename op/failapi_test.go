package op

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"latchkey/op/discovery"
	"latchkey/op/frontchannel"
	"latchkey/op/oauth"
	"latchkey/storage/kv"
)

// 503 tells caches, balancers and libraries that it is not the request.
func TestAFaultOfOursIs500AndAStoppedEngine503(t *testing.T) {
	for status, err := range map[int]error{
		http.StatusInternalServerError: errors.New("a bug"),
		http.StatusServiceUnavailable:  fmt.Errorf("reading: %w", kv.OutcomeUnknown(errors.New("/dev/sda"))),
	} {
		page, json := frontchannel.Internal(err), oauth.Failed(err)
		if page.Status != status || json.Status != status {
			t.Errorf("%v: %d as a page, %d as JSON", err, page.Status, json.Status)
		}
	}
}

func TestEndpointsThatSpeakJSONAreRefusedInJSONEverywhereElseByPages(t *testing.T) {
	h := newHouse(t)
	private := []string{oauth.PathIntrospection} // no script has the credentials for it
	for path, json := range map[string]bool{oauth.PathToken: true, oauth.PathUserinfo: true,
		oauth.PathIntrospection: true, oauth.PathRevocation: true,
		oauth.PathJWKS: true, oauth.PathDiscovery: true, oauth.PathMetadata: true, discovery.PathWebFinger: true,
		oauth.PathAuthorize: false, "/": false, "/flow/x/sign-in": false} {
		for status, code := range map[int]string{http.StatusRequestEntityTooLarge: "invalid_request",
			http.StatusInternalServerError: "server_error", http.StatusServiceUnavailable: "temporarily_unavailable"} {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, nil)
			r.Header.Set("Origin", "https://spa.example")
			if h.op.FailAPI(w, r, status, "too much") != json {
				t.Errorf("%s: answered in JSON: %v", path, !json)
			}
			if !json {
				continue
			}
			if v := decoded[tokenAnswer](t, w.Result()); w.Code != status || v.Error != code ||
				v.Description != "too much" {
				t.Errorf("%s: %d %+v", path, w.Code, v)
			}
			if open := w.Header().Get("Access-Control-Allow-Origin") == "*"; open == slices.Contains(private, path) {
				t.Errorf("%s: a script may read what is wrong: %v", path, open)
			}
			own := httptest.NewRecorder()
			r.Header.Set("Origin", "https://app.example")
			h.op.FailAPI(own, r, status, "too much")
			with := own.Header().Get("Access-Control-Allow-Credentials") == "true"
			if without := slices.Contains(private, path) || path == discovery.PathWebFinger; with == without {
				t.Errorf("%s: the app's script may read it with credentials: %v", path, with)
			}
		}
	}
}
