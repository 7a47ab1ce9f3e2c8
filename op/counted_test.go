package op

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"latchkey/internal/edge"
)

// counted is an observer that writes down events.
type counted struct{ events []string }

func (c *counted) Request(string, string, int, time.Duration) {}

func (c *counted) Event(what, result string) { c.events = append(c.events, what+" "+result) }

func TestOnlyTokensThatWereIssuedAreCounted(t *testing.T) {
	h, o := newHouse(t), &counted{}
	h.client("robot", ownGrant)
	e := edge.New(edge.Options{Log: slog.New(slog.DiscardHandler), Observer: o, Now: h.clock.now})
	router := e.Router()
	h.op.Routes(router)
	h.handler = e.Handler(router)
	if v, _ := h.token("robot", forItself); v.Status != http.StatusOK {
		t.Fatalf("%+v", v)
	}
	for _, form := range []url.Values{
		{"grant_type": {"client_credentials"}, "scope": {"nonsense"}},
		{"grant_type": {"nonsense"}},
		{"grant_type": {"refresh_token"}, "refresh_token": {"nonsense"}},
	} {
		h.token("robot", form)
	}
	if want := []string{"token client_credentials"}; !slices.Equal(o.events, want) {
		t.Errorf("counted %q, want %q", o.events, want)
	}
}
