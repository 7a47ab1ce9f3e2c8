package op

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"latchkey/op/discovery"
	"latchkey/storage"
)

func TestWebFingerNamesTheIssuerForDomainsThatAreListed(t *testing.T) {
	h := newHouse(t)
	ask := func(query string) (*http.Response, string) {
		resp := h.get(discovery.PathWebFinger + "?" + query)
		return resp, body(resp)
	}
	ada := "resource=" + url.QueryEscape("acct:ada@example.org")
	if resp, _ := ask(ada); resp.StatusCode != http.StatusNotFound {
		t.Errorf("with no domain listed: %d", resp.StatusCode)
	}
	set := must(h.store.Settings.Get(context.Background()))
	set.WebFingerDomains = []string{"example.org"}
	if err := h.store.Settings.Set(context.Background(), storage.Operator, set); err != nil {
		t.Fatal(err)
	}
	const links = `"links":[{"rel":"http://openid.net/specs/connect/1.0/issuer","href":"` + issuer + `"}]}`
	for query, want := range map[string]string{
		ada: `{"subject":"acct:ada@example.org",` + links,
		ada + "&rel=" + url.QueryEscape("http://openid.net/specs/connect/1.0/issuer"): `{"subject":"acct:ada@example.org",` + links,
		ada + "&rel=other": `{"subject":"acct:ada@example.org","links":[]}`,
		"resource=" + url.QueryEscape("acct:nobody@EXAMPLE.org"): `{"subject":"acct:nobody@EXAMPLE.org",` + links,
	} {
		resp, text := ask(query)
		if resp.StatusCode != http.StatusOK || text != want ||
			resp.Header.Get("Content-Type") != "application/jrd+json" {
			t.Errorf("%s: %d %s", query, resp.StatusCode, text)
		}
	}
	for query, status := range map[string]int{
		"":                             http.StatusBadRequest,
		ada + "&" + ada:                http.StatusBadRequest,
		"resource=%zz":                 http.StatusBadRequest,
		"resource=acct:ada":            http.StatusNotFound,
		"resource=acct:@example.org":   http.StatusNotFound,
		"resource=acct:ada@other.org":  http.StatusNotFound,
		"resource=https://example.org": http.StatusNotFound,
	} {
		if resp, text := ask(query); resp.StatusCode != status {
			t.Errorf("%s: %d %s", query, resp.StatusCode, text)
		}
	}
}
