package op

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"latchkey/op/oauth"
	"latchkey/storage/apps"
)

// How many callers at once, how often they take turns, how many of the users in the
// file have a token, and how many users there are; LATCHKEY_BENCH_USERS says otherwise.
const (
	benchCallers = 16
	benchTurns   = 10
	benchTokens  = 5000 // more than decoded records are kept of
	benchUsers   = "100000"
)

// BenchmarkCeilings measures each request that apps send often against its ceiling: a
// handler that does what the request cannot do without, and nothing else. That is
// HTTP with the header of the answer, one log record, the reads and the commit owed, the
// signature. Both are served by another process and counted in its processor time, so
// that who asks does not count, from a durable file on the disk that TMPDIR is on.
//
// µs-p50 and µs-p99 are what the callers waited, who take the processor from each
// other and from the server; µs-sync-p99 is what the same disk takes for a page and
// its sync when nobody asks, and a commit of bbolt's syncs twice.
// LATCHKEY_BENCH_PROFILE names a file for a profile of the process that serves.
func BenchmarkCeilings(b *testing.B) {
	s := startBench(b)
	disk := newBenchDisk(b)
	for _, row := range benchRows {
		b.Run(row.name, func(b *testing.B) {
			// By turns, so that whatever else the machine does slows all.
			var ceiling, product float64
			var waited, synced []time.Duration
			for range benchTurns {
				cost, _ := s.measure(b, row.floor("/floor/"))
				ceiling += cost / benchTurns
				cost, took := s.measure(b, row.ask)
				product += cost / benchTurns
				waited, synced = append(waited, took...), append(synced, disk.sync(b)...)
			}
			b.ReportMetric(0, "ns/op") // of who asks
			b.ReportMetric(product, "µs-cpu")
			b.ReportMetric(ceiling, "µs-ceiling")
			b.ReportMetric(100*ceiling/product, "%-of-ceiling")
			b.ReportMetric(percentile(waited, 50), "µs-p50")
			b.ReportMetric(percentile(waited, 99), "µs-p99")
			b.ReportMetric(percentile(synced, 99), "µs-sync-p99")
		})
	}
}

// percentile is in microseconds.
func percentile(all []time.Duration, p int) float64 {
	slices.Sort(all)
	return float64(all[(len(all)-1)*p/100].Nanoseconds()) / 1000
}

// benchRow is one line of the answer: how the provider is asked, and how the handlers
// that are under a path and do what is owed are asked alike.
type benchRow struct {
	name  string
	ask   benchAsk
	floor func(under string) benchAsk
}

// benchAsk is one request, or several that belong together.
type benchAsk func(*benchCaller) error

var benchRows = []benchRow{
	{"discovery", get(oauth.PathDiscovery), floorAt("plain", get)},
	{"userinfo", askUserinfo(oauth.PathUserinfo), floorAt("userinfo", askUserinfo)},
	{"userinfo/5000-users", anyUserinfo(oauth.PathUserinfo), floorAt("userinfo", anyUserinfo)},
	{"introspection", introspect(oauth.PathIntrospection), floorAt("introspection", introspect)},
	{"client-credentials", own(oauth.PathToken), floorAt("client-credentials", own)},
	{"refresh/RS256", refreshBy(webID), floorAt("refresh-RS256", refreshAt(webID))},
	{"refresh/ES256", refreshBy(ecID), floorAt("refresh-ES256", refreshAt(ecID))},
	{"code-flow/RS256", codeFlow(webID),
		both(floorAt("authorize", authorizeAt(webID)), floorAt("code-RS256", redeemAt(webID)))},
	{"code-flow/ES256", codeFlow(ecID), both(floorAt("authorize", authorizeAt(ecID)),
		floorAt("code-ES256", redeemAt(ecID)))},
}

// floorAt asks the floor of that name; see benchFloors.
func floorAt(name string, ask func(path string) benchAsk) func(under string) benchAsk {
	return func(under string) benchAsk { return ask(under + name) }
}

func both(first, second func(under string) benchAsk) func(under string) benchAsk {
	return func(under string) benchAsk {
		first, second := first(under), second(under)
		return func(c *benchCaller) error {
			if err := first(c); err != nil {
				return err
			}
			return second(c)
		}
	}
}

func get(path string) benchAsk {
	return func(c *benchCaller) error { return c.do(c.request(http.MethodGet, path, nil), nil) }
}

func askUserinfo(path string) benchAsk {
	return func(c *benchCaller) error { return c.bearer(path, c.AccessToken) }
}

// anyUserinfo asks for one user after the other.
func anyUserinfo(path string) benchAsk {
	return func(c *benchCaller) error { return c.bearer(path, c.Tokens[c.turn.Add(1)%uint64(len(c.Tokens))]) }
}

func introspect(path string) benchAsk {
	return func(c *benchCaller) error { return c.post(path, webID, url.Values{"token": {c.AccessToken}}, nil) }
}

func own(path string) benchAsk {
	form := url.Values{"grant_type": {apps.GrantTypeClientCredentials}}
	return func(c *benchCaller) error { return c.post(path, webID, form, nil) }
}

func refreshBy(id string) benchAsk {
	return func(c *benchCaller) error {
		var got tokenAnswer
		err := c.post(oauth.PathToken, id, refresh(c.Refresh[id]), &got)
		c.Refresh[id] = got.RefreshToken
		return err
	}
}

func refreshAt(id string) func(path string) benchAsk {
	return func(path string) benchAsk {
		return func(c *benchCaller) error { return c.post(path, id, refresh(c.Refresh[id]), nil) }
	}
}

func codeFlow(id string) benchAsk {
	return func(c *benchCaller) error {
		at := ""
		if err := c.authorize(oauth.PathAuthorize, id, &at); err != nil {
			return err
		}
		back, err := url.Parse(at)
		if err != nil {
			return err
		}
		c.code = back.Query().Get("code")
		return c.post(oauth.PathToken, id, redemption(c.code), nil)
	}
}

func authorizeAt(id string) func(path string) benchAsk {
	return func(path string) benchAsk {
		return func(c *benchCaller) error { return c.authorize(path, id, nil) }
	}
}

// redeemAt presents a code used before.
func redeemAt(id string) func(path string) benchAsk {
	return func(path string) benchAsk {
		return func(c *benchCaller) error { return c.post(path, id, redemption(c.code), nil) }
	}
}

// benchDisk is a file beside the one that is served from.
type benchDisk struct {
	file *os.File
	page []byte
}

func newBenchDisk(b *testing.B) *benchDisk {
	d := &benchDisk{file: must(os.Create(filepath.Join(b.TempDir(), "syncs"))), page: make([]byte, os.Getpagesize())}
	b.Cleanup(func() { d.file.Close() })
	return d
}

// sync returns how long each of some syncs took.
func (d *benchDisk) sync(b *testing.B) (took []time.Duration) {
	for range 20 {
		begin := time.Now()
		must(d.file.WriteAt(d.page, 0))
		if err := d.file.Sync(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	return took
}
