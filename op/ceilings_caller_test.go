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
)

// benchServer is the process that serves, and what is needed to ask it.
type benchServer struct {
	Address, Secret string
	Tokens          []string // access tokens of many users
	Callers         []*benchCaller
	turn            atomic.Uint64 // of the tokens
}

// benchCaller is one who asks, as a user of their own, over a connection of its own.
type benchCaller struct {
	*benchServer `json:"-"`
	client       *http.Client
	code         string // the last one

	Session, AccessToken string
	Refresh              map[string]string // by client, the newest
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
	for _, c := range s.Callers {
		c.benchServer, c.code = s, strings.Repeat("c", 60)
		c.client = &http.Client{Transport: &http.Transport{MaxIdleConns: 1},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return s
}

// measure has the callers ask as often as one turn is long. It returns how many
// microseconds of processor time each request took the server, and how long each
// caller waited for it.
func (s *benchServer) measure(b *testing.B, ask benchAsk) (cost float64, waited []time.Duration) {
	b.Helper()
	before, n := s.used(b), int64(b.N/benchTurns+1)
	waited = make([]time.Duration, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for _, c := range s.Callers {
		group.Go(func() {
			for i := next.Add(1); i <= n; i = next.Add(1) {
				begin := time.Now()
				if err := ask(c); err != nil {
					b.Error(err)
					return
				}
				waited[i-1] = time.Since(begin)
			}
		})
	}
	group.Wait()
	return float64((s.used(b) - before).Nanoseconds()) / 1000 / float64(n), waited
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

func (c *benchCaller) request(method, path string, body io.Reader) *http.Request {
	return must(http.NewRequest(method, "http://"+c.Address+path, body))
}

func (c *benchCaller) bearer(path, token string) error {
	r := c.request(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return c.do(r, nil)
}

func (c *benchCaller) authorize(path, id string, at *string) error {
	r := c.request(http.MethodGet, path+"?"+authorization("client_id", id).Encode(), nil)
	r.AddCookie(&http.Cookie{Name: sessionsCookie, Value: c.Session})
	return c.do(r, at)
}

func (c *benchCaller) post(path, id string, form url.Values, into *tokenAnswer) error {
	r := c.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, c.Secret)
	return c.do(r, into)
}

// do asks and reads the answer into a token answer, or the address it leads to into
// a string; nil: neither.
func (c *benchCaller) do(r *http.Request, into any) error {
	resp, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s: %s %s", r.URL.Path, resp.Status, text)
	}
	switch into := into.(type) {
	case *string:
		if into != nil {
			*into = resp.Header.Get("Location")
		}
	case *tokenAnswer:
		if into != nil {
			err = json.Unmarshal(text, into)
		}
	}
	return err
}
