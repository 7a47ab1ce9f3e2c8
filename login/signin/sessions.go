package signin

import (
	"encoding/base64"
	"net/http"
	"slices"

	"latchkey/keys"
	"latchkey/op/frontchannel"
	"latchkey/storage"
	"latchkey/storage/policy"
)

// accountsMost is how many accounts one browser may have signed in at once.
const accountsMost = 5

const sessionCookie = "session"

// Sessions keeps, in a sealed cookie, which sessions a browser carries. It answers
// op's question for them.
type Sessions struct {
	Cookies frontchannel.Cookies
	Keys    *keys.Ring
}

// Of returns the sessions of the browser, the one signed in last first. They need
// not be alive.
func (s Sessions) Of(r *http.Request) []storage.ID {
	c, err := r.Cookie(s.Cookies.Name(sessionCookie, "/"))
	if err != nil || len(c.Value) > 512 {
		return nil
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(c.Value)
	if err != nil {
		return nil
	}
	plain, err := s.Keys.Unseal(keys.PurposeSession, nil, sealed)
	if err != nil || len(plain)%len(storage.ID{}) != 0 {
		return nil
	}
	var ids []storage.ID
	for id := range slices.Chunk(plain, len(storage.ID{})) {
		ids = append(ids, storage.ID(id))
	}
	return ids[:min(len(ids), accountsMost)]
}

// Forget takes sessions that have ended out of the cookie; the rest stay for life
// seconds, 0: until the browser is closed.
func (s Sessions) Forget(w http.ResponseWriter, r *http.Request, life uint32, ended ...storage.ID) {
	left := slices.DeleteFunc(s.Of(r), func(id storage.ID) bool { return slices.Contains(ended, id) })
	s.Keep(w, left, life)
}

// Keep writes the browser's sessions; none removes the cookie. life is in seconds;
// 0: until the browser is closed.
func (s Sessions) Keep(w http.ResponseWriter, ids []storage.ID, life uint32) {
	if len(ids) == 0 {
		http.SetCookie(w, s.Cookies.New(sessionCookie, "", "/", -1))
		return
	}
	var plain []byte
	for _, id := range ids[:min(len(ids), accountsMost)] {
		plain = append(plain, id[:]...)
	}
	value := base64.RawURLEncoding.EncodeToString(s.Keys.Seal(keys.PurposeSession, nil, plain))
	http.SetCookie(w, s.Cookies.New(sessionCookie, value, "/", policy.Seconds(life)))
}
