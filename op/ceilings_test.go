//go:build unix

package op

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/storage"
)

// How many callers at once, how often they take turns, and how many users are in the file besides those who
// sign in; LATCHKEY_BENCH_USERS says otherwise.
const (
	benchCallers = 16
	benchTurns   = 10
	benchUsers   = "1000"
)

// BenchmarkCeilings measures each request that apps send often against its ceiling: a
// handler that does what the request cannot do without, and nothing else. That is
// HTTP with the header of the answer, one log record, the reads and the commit owed, the
// signature. Both are served by another process and counted in its processor time, so
// that who asks does not count, from a durable file on the disk that TMPDIR is on.
// LATCHKEY_BENCH_PROFILE names a file for a profile of that process.
func BenchmarkCeilings(b *testing.B) {
	s := startBench(b)
	for _, row := range benchRows {
		b.Run(row.name, func(b *testing.B) {
			// By turns, so that whatever else the machine does slows both.
			var ceiling, product float64
			for range benchTurns {
				ceiling += s.measure(b, row.floor) / benchTurns
				product += s.measure(b, row.ask) / benchTurns
			}
			b.ReportMetric(0, "ns/op") // of who asks
			b.ReportMetric(product, "µs-cpu")
			b.ReportMetric(ceiling, "µs-ceiling")
			b.ReportMetric(100*ceiling/product, "%-of-ceiling")
		})
	}
}

// benchRow is one line of the answer. A floor has the path of the handlers that
// benchFloors lists.
type benchRow struct {
	name  string
	ask   func(*benchCaller) error
	floor func(*benchCaller) error
}

var benchRows = []benchRow{
	{"discovery", get(pathDiscovery), get("/floor/plain")},
	{"userinfo", func(c *benchCaller) error { return c.bearer(c.AccessToken) }, get("/floor/userinfo")},
	{"introspection", func(c *benchCaller) error {
		return c.post(PathIntrospection, webID, url.Values{"token": {c.AccessToken}}, nil)
	}, post("/floor/introspection")},
	{"client-credentials", func(c *benchCaller) error {
		return c.post(PathToken, webID, url.Values{"grant_type": {"client_credentials"}}, nil)
	}, post("/floor/client-credentials")},
	{"refresh/RS256", refreshBy(webID), post("/floor/refresh-RS256")},
	{"refresh/ES256", refreshBy(ecID), post("/floor/refresh-ES256")},
	{"code-flow/RS256", flowBy(webID), both(get("/floor/authorize"), post("/floor/code-RS256"))},
	{"code-flow/ES256", flowBy(ecID), both(get("/floor/authorize"), post("/floor/code-ES256"))},
}

func get(path string) func(*benchCaller) error {
	return func(c *benchCaller) error { return c.do(c.request(http.MethodGet, path, nil), nil) }
}

func post(path string) func(*benchCaller) error {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {strings.Repeat("c", 60)}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	return func(c *benchCaller) error { return c.post(path, webID, form, nil) }
}

func both(first, second func(*benchCaller) error) func(*benchCaller) error {
	return func(c *benchCaller) error {
		if err := first(c); err != nil {
			return err
		}
		return second(c)
	}
}

func refreshBy(id string) func(*benchCaller) error {
	return func(c *benchCaller) error {
		var got tokenAnswer
		err := c.post(PathToken, id, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.refresh[id]}}, &got)
		c.refresh[id] = got.RefreshToken
		return err
	}
}

func flowBy(id string) func(*benchCaller) error {
	query := authorizeURL(authorization("client_id", id))
	return func(c *benchCaller) error {
		r := c.request(http.MethodGet, query, nil)
		r.AddCookie(&http.Cookie{Name: sessionsCookie, Value: c.Session})
		at := ""
		if err := c.do(r, &at); err != nil {
			return err
		}
		back, err := url.Parse(at)
		if err != nil {
			return err
		}
		return c.post(PathToken, id, redemption(back.Query().Get("code")), nil)
	}
}

// benchServer is the process that serves, and what is needed to ask it.
type benchServer struct {
	Address, Secret, Session, AccessToken string
	Refresh                               map[string][]string // by client, one for each caller
	callers                               []*benchCaller
}

func startBench(b *testing.B) *benchServer {
	b.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestServesCeilings$", "-test.timeout=0")
	if profile := os.Getenv("LATCHKEY_BENCH_PROFILE"); profile != "" {
		child.Args = append(child.Args, "-test.cpuprofile="+profile)
	}
	child.Env = append(os.Environ(), benchServes+"=1")
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close() // which ends it
		_, _ = io.Copy(io.Discard, out)
		_ = child.Wait()
	})
	s := &benchServer{}
	if err := json.NewDecoder(out).Decode(s); err != nil {
		b.Fatal("the server did not start: ", err)
	}
	for i := range benchCallers {
		c := &benchCaller{benchServer: s, refresh: map[string]string{}, client: &http.Client{Transport: &http.Transport{MaxIdleConns: 1},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
		for id, tokens := range s.Refresh {
			c.refresh[id] = tokens[i]
		}
		s.callers = append(s.callers, c)
	}
	return s
}

// measure has the callers ask as often as one turn is long and returns how many
// microseconds of processor time each took the server.
func (s *benchServer) measure(b *testing.B, ask func(*benchCaller) error) float64 {
	b.Helper()
	before, n := s.used(b), int64(b.N/benchTurns+1)
	var next atomic.Int64
	var group sync.WaitGroup
	for _, c := range s.callers {
		group.Go(func() {
			for next.Add(1) <= n {
				if err := ask(c); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	return float64((s.used(b) - before).Nanoseconds()) / 1000 / float64(n)
}

func (s *benchServer) used(b *testing.B) time.Duration {
	b.Helper()
	resp, err := http.Get("http://" + s.Address + "/floor/used")
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(n)
}

// benchCaller is one who asks, over a connection of its own.
type benchCaller struct {
	*benchServer
	client  *http.Client
	refresh map[string]string // by client, the newest
}

func (c *benchCaller) request(method, path string, body io.Reader) *http.Request {
	return must(http.NewRequest(method, "http://"+c.Address+path, body))
}

func (c *benchCaller) bearer(token string) error {
	r := c.request(http.MethodGet, PathUserinfo, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return c.do(r, nil)
}

func (c *benchCaller) post(path, id string, form url.Values, into *tokenAnswer) error {
	r := c.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, c.Secret)
	if into == nil {
		return c.do(r, nil)
	}
	return c.do(r, into)
}

// do asks and reads the answer into a token answer, or the address it leads to into
// a string.
func (c *benchCaller) do(r *http.Request, into any) error {
	resp, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch into := into.(type) {
	case *string:
		*into = resp.Header.Get("Location")
	case *tokenAnswer:
		err = json.Unmarshal(text, into)
	}
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s: %s %s", r.URL.Path, resp.Status, text)
	}
	return err
}

// ecID is a client whose ID tokens are signed by ES256.
const ecID = "ec"

func manyGrants(alg string) func(*storage.Metadata) {
	return func(m *storage.Metadata) {
		m.IDTokenSignedResponseAlg = alg
		m.GrantTypes = []string{"authorization_code", "refresh_token", "client_credentials"}
	}
}
