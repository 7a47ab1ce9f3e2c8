package edge

import (
	"encoding/base32"
	"io"
	"net/http"
)

const requestIDHeader = "X-Request-Id"

// idEncoding spells request ids: lower case and without 0, 1, 8 and 9, so that
// they can be read out on the phone.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// requestID returns the id a trusted proxy gave the request, so that one id
// leads through both logs, or else a random one of our own: 80 bits in sixteen
// characters.
func (e *Edge) requestID(r *http.Request, viaProxy bool) string {
	if given := r.Header.Get(requestIDHeader); viaProxy && saneID(given) {
		return given
	}
	var random [10]byte
	if _, err := io.ReadFull(e.opts.Random, random[:]); err != nil {
		// crypto/rand never fails; an injected source that does must not
		// take the exchange with it.
		return "unavailable"
	}
	return idEncoding.EncodeToString(random[:])
}

func saneID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		ok := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			c == '-' || c == '_' || c == '.'
		if !ok {
			return false
		}
	}
	return true
}
