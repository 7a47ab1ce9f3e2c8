package config

import (
	"testing"
)

func TestContactsThatNobodyCouldUseAreRefused(t *testing.T) {
	for contact, good := range map[string]bool{
		"": true, "a@example.org": true, "mailto:a@example.org": true, "https://example.org/x": true,
		"tel:+1-201-555-0123": true,
		"http://example.org":  false, "Ada <a@example.org>": false, "example.org": false, "javascript:x": false,
		"https://": false, "mailto:": false, "a@example.org\nContact: mailto:eve@example.org": false,
		"https://u:p@example.org": false,
	} {
		if fault := contactFault(contact); (fault == "") != good {
			t.Errorf("%q: %q", contact, fault)
		}
	}
}
