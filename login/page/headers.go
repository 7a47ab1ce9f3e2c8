package page

import (
	"net/http"
	"strconv"
)

const (
	// Everything a page needs is served by this origin.
	policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"

	// formsStay goes on pages whose forms end on this origin. Not on the others:
	// Chromium and Safari hold form-action against the whole redirect chain that
	// follows a POST, so that an app's redirect URI at its end is blocked, and
	// Allow (or Sign out) seems to do nothing.
	formsStay = "; form-action 'self'"

	// strict-origin, because the address of a page may hold a flow id or a
	// one-time link, and its path then goes nowhere, not even into the log lines
	// of our own assets. Not no-referrer: with it browsers send "Origin: null"
	// with same-origin POSTs (Fetch, section 3.2), which cross-origin protection
	// has to refuse where Sec-Fetch-Site is missing.
	referrerPolicy = "strict-origin"

	permissionsPolicy = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), " +
		"magnetometer=(), microphone=(), midi=(), payment=(), usb=(), xr-spatial-tracking=()"
)

func (f frame) setHeaders(h http.Header, c *catalogue) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", c.lang)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", referrerPolicy)
	h.Set("Permissions-Policy", permissionsPolicy)
	if f.leaves {
		h.Set("Content-Security-Policy", policy)
		// No Cross-Origin-Opener-Policy: apps open flows in a popup and wait for
		// it through window.opener, which the policy would cut for good.
		h.Del("Cross-Origin-Opener-Policy")
	} else {
		h.Set("Content-Security-Policy", policy+formsStay)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	if f.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds(f.wait)))
	}
}
