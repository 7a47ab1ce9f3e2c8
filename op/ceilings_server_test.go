package op

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage/apps"
	"latchkey/storage/bolt"
	"latchkey/storage/people"
)

const (
	// benchServes names the variable that makes the test binary the server of
	// BenchmarkCeilings.
	benchServes = "LATCHKEY_BENCH_SERVES"
	// ecID is a client whose ID tokens are signed by ES256.
	ecID = "ec"
)

// TestServesCeilings is no test but that server, until its standard input ends.
func TestServesCeilings(t *testing.T) {
	if os.Getenv(benchServes) == "" {
		return
	}
	h := newHouseOn(t, must(bolt.Open(filepath.Join(t.TempDir(), "data"), bolt.Options{})))
	h.dailySignIns(1_000_000_000)
	h.log.off = true
	h.change(webID, manyGrants(keys.RS256))
	h.client(ecID, manyGrants(keys.ES256))
	s := benchServer{Secret: h.secret}
	users := h.populate()
	s.Tokens = make([]string, len(users))
	inParallel(len(users), func(i int) {
		s.Tokens[i] = h.browserOf(users[i]).tokens(authorization("client_id", ecID)).AccessToken
	})
	for _, u := range users[:benchCallers] {
		s.Callers = append(s.Callers, h.caller(u))
	}
	floor := newBenchFloor(h).routes()
	both := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/floor/") {
			floor.ServeHTTP(w, r)
			return
		}
		h.handler.ServeHTTP(w, r)
	})
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	s.Address = l.Addr().String()
	go func() { _ = edge.New(edge.Options{}).Server(both).Serve(l) }()
	must(0, json.NewEncoder(os.Stdout).Encode(&s))
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func manyGrants(alg string) func(*apps.Metadata) {
	return func(m *apps.Metadata) {
		m.IDTokenSignedResponseAlg = alg
		m.GrantTypes = []string{apps.GrantTypeCode, apps.GrantTypeRefresh, apps.GrantTypeClientCredentials}
	}
}

// populate adds users and returns those who are to have a token, from all over the file.
func (h *house) populate() []*people.User {
	text := os.Getenv("LATCHKEY_BENCH_USERS")
	if text == "" {
		text = benchUsers
	}
	n := max(must(strconv.Atoi(text)), benchCallers)
	every := max(n/benchTokens, 1)
	some := make([]*people.User, n/every)
	inParallel(n, func(i int) {
		u := h.user(people.User{Username: fmt.Sprintf("user-%d", i), Email: fmt.Sprintf("user-%d@example.org", i)})
		if i%every == 0 && i/every < len(some) {
			some[i/every] = u
		}
	})
	return some
}

// inParallel does what is worth sharing commits.
func inParallel(n int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range 256 {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}

func (h *house) browserOf(u *people.User) *browser {
	b := h.browser()
	b.user = u
	return b
}

// caller signs a user in and gets them what they ask with.
func (h *house) caller(u *people.User) *benchCaller {
	c, b := &benchCaller{Refresh: map[string]string{}}, h.browserOf(u)
	for _, id := range []string{ecID, webID} {
		v := b.tokens(authorization("client_id", id, "scope", "openid profile email offline_access", "prompt",
			"consent"))
		c.Refresh[id], c.AccessToken = v.RefreshToken, v.AccessToken
	}
	c.Session = b.sessions[0].String()
	return c
}
