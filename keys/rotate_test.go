package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/policy"
)

// timed is a ring with a clock that only the test moves.
type timed struct {
	t      testing.TB
	store  *shelf
	now    time.Time
	policy Policy
	ring   *Ring
}

func newTimed(t testing.TB) *timed {
	p, _ := defaultPolicy(context.Background())
	m := &timed{t: t, store: &shelf{}, now: epochZero, policy: p}
	m.restart()
	return m
}

func (m *timed) restart() { m.ring = m.open() }

func (m *timed) open() *Ring {
	m.t.Helper()
	o := options(m.store)
	o.Now = func() time.Time { return m.now }
	o.Policy = func(context.Context) (Policy, error) { return m.policy, nil }
	return openRing(m.t, o)
}

func (m *timed) tick() {
	m.t.Helper()
	if err := m.ring.Tick(context.Background(), m.now); err != nil {
		m.t.Fatal(err)
	}
}

func (m *timed) rotate(alg string) []Rotation {
	m.t.Helper()
	done, err := m.ring.Rotate(context.Background(), storage.Operator, alg)
	if err != nil {
		m.t.Fatal(err)
	}
	return done
}

// kid is the id of the algorithm's key in that state, "" if there is none.
func (m *timed) kid(alg string, state policy.KeyState) string {
	d := draft{set: m.store.set}
	if k := d.signing(alg, state); k != nil {
		return k.ID
	}
	return ""
}

const day = 24 * time.Hour

func TestAutomaticRotationPublishesADayAhead(t *testing.T) {
	m := newTimed(t)
	first := m.kid(ES256, policy.KeyCurrent)
	old := sign(t, m.ring, ES256, TypeJWT)
	m.now = epochZero.Add(89*day - time.Second)
	m.tick()
	if m.kid(ES256, policy.KeyNext) != "" {
		t.Fatal("published too early")
	}
	m.now = epochZero.Add(89 * day)
	m.tick()
	next := m.kid(ES256, policy.KeyNext)
	if next == "" || len(published(t, m.ring).Key(next)) != 1 || m.kid(ES256, policy.KeyCurrent) != first {
		t.Fatal("not published, or signs already")
	}
	m.now = epochZero.Add(90*day - time.Second)
	m.tick()
	if m.kid(ES256, policy.KeyCurrent) != first {
		t.Fatal("signs too early")
	}
	m.now = epochZero.Add(90 * day)
	m.tick()
	if m.kid(ES256, policy.KeyCurrent) != next || m.kid(ES256, policy.KeyRetired) != first {
		t.Fatal("did not take over")
	}
	retired := m.now
	m.now = retired.Add(m.policy.Keep - time.Second)
	m.tick()
	if _, _, err := m.ring.Verify(TypeJWT, old); err != nil {
		t.Error("a signature died too early")
	}
	m.now = retired.Add(m.policy.Keep)
	m.tick()
	if _, _, err := m.ring.Verify(TypeJWT, old); !errors.Is(err, ErrToken) ||
		len(published(t, m.ring).Key(first)) != 0 {
		t.Error("a retired key is kept for ever")
	}
}

func TestManualRotationSaysWhenAndWaitsForTheCaches(t *testing.T) {
	m := newTimed(t)
	first := m.kid(ES256, policy.KeyCurrent)
	done := m.rotate(ES256)
	want := Rotation{ES256, first, m.kid(ES256, policy.KeyNext), m.now.Add(minLead), m.now.Add(minLead + m.policy.Keep)}
	if len(done) != 1 || done[0] != want || done[0].To == "" {
		t.Fatalf("%+v, want %+v", done, want)
	}
	if again := m.rotate(ES256); again[0] != done[0] || len(m.store.set.SigningKeys) != 3 {
		t.Errorf("asked again at once: %+v", again)
	}
	m.now = m.now.Add(minLead - time.Second)
	m.tick()
	if m.kid(ES256, policy.KeyCurrent) != first {
		t.Error("signs before caches have it")
	}
	m.now = m.now.Add(time.Second)
	m.tick()
	if m.kid(ES256, policy.KeyCurrent) != want.To || m.kid(RS256, policy.KeyNext) != "" {
		t.Error("did not take over, or another algorithm did")
	}
}

func TestManualRotationTakesAPublishedKeyAtOnce(t *testing.T) {
	m := newTimed(t)
	m.now = epochZero.Add(89 * day)
	m.tick()
	m.now = m.now.Add(5 * time.Minute)
	next := m.kid(ES256, policy.KeyNext)
	if done := m.rotate(ES256); done[0].To != next || !done[0].At.Equal(epochZero.Add(89*day+minLead)) {
		t.Fatalf("not hastened: %+v", done)
	}
	m.now = m.now.Add(time.Hour)
	done := m.rotate("")
	if m.kid(ES256, policy.KeyCurrent) != next || len(done) != 2 || done[0].Algorithm != RS256 ||
		!done[0].At.Equal(m.now) {
		t.Errorf("%+v", done)
	}
}

func TestTwoWhoRotateAtOnceRotateOnce(t *testing.T) {
	m := newTimed(t)
	m.now = epochZero.Add(89 * day)
	m.tick()
	m.now = m.now.Add(time.Hour)
	other := m.open()
	m.store.before = func() {
		if _, err := other.Rotate(t.Context(), storage.Operator, ES256); err != nil {
			t.Error(err)
		}
	}
	done := m.rotate(ES256)
	if m.kid(ES256, policy.KeyNext) != "" || done[0].To != m.kid(ES256, policy.KeyCurrent) ||
		m.ring.Epoch() != m.store.set.Epoch {
		t.Errorf("%+v", done)
	}
}

// The same at one ring, where all but the first wait for their turn.
func TestAllWhoRotateAtOnceAtOneRingRotateOnce(t *testing.T) {
	m := newTimed(t)
	m.now = epochZero.Add(89 * day)
	m.tick()
	m.now = m.now.Add(time.Hour)
	next, before := m.kid(ES256, policy.KeyNext), m.store.replaced
	var all, asked sync.WaitGroup
	asked.Add(20)
	m.ring.now = func() time.Time { asked.Done(); return m.now }
	m.ring.reload.Lock()
	for range 20 {
		all.Go(func() {
			done, err := m.ring.Rotate(context.Background(), storage.Operator, ES256)
			if err != nil || done[0].To != next {
				t.Errorf("%+v, %v", done, err)
			}
		})
	}
	asked.Wait()
	m.ring.reload.Unlock()
	all.Wait()
	if n := m.store.replaced - before; n != 1 || m.kid(ES256, policy.KeyNext) != "" {
		t.Errorf("%d changes", n)
	}
}

func TestRingsThatTickAtOnceAgree(t *testing.T) {
	m := newTimed(t)
	rings := []*Ring{m.open(), m.open(), m.open()}
	for range 3 { // publish, promote, nothing
		m.now = m.now.Add(89 * day)
		var wg sync.WaitGroup
		for _, r := range rings {
			wg.Go(func() {
				if err := r.Tick(context.Background(), m.now); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, r := range rings {
			if err := r.Tick(context.Background(), m.now); err != nil || !bytes.Equal(r.JWKS(), rings[0].JWKS()) ||
				r.Epoch() != rings[0].Epoch() {
				t.Fatalf("rings differ: %v", err)
			}
		}
	}
	current := map[string]int{}
	for _, k := range m.store.set.SigningKeys {
		current[k.Algorithm+string(k.State)]++
	}
	if current[ES256+"current"] != 1 || current[ES256+"next"] > 1 {
		t.Errorf("%v", current)
	}
}

func TestWithoutAnIntervalOnlyPeopleRotate(t *testing.T) {
	m := newTimed(t)
	m.policy.Interval = 0
	m.now = m.now.Add(1000 * day)
	m.tick()
	if m.store.replaced != 1 {
		t.Error("something was replaced")
	}
	m.rotate(ES256)
	m.now = m.now.Add(minLead)
	m.tick()
	if m.kid(ES256, policy.KeyRetired) == "" || m.kid(ES256, policy.KeyNext) != "" {
		t.Error("a manual rotation did not end")
	}
}

func TestRotatingWhatIsNotEnabledIsRefused(t *testing.T) {
	m := newTimed(t)
	for _, alg := range []string{EdDSA, "HS256"} {
		if _, err := m.ring.Rotate(t.Context(), storage.Operator, alg); !errors.Is(err, ErrAlgorithm) ||
			m.store.replaced != 1 {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

func TestRotationIsForAdministratorsAndAudited(t *testing.T) {
	ctx := t.Context()
	engineKeys, trail := openAudited(t)
	r := openRing(t, options(engineKeys))
	if _, err := r.Rotate(ctx, storage.Actor{Via: storage.ViaPage}, ES256); !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("anybody rotates: %v", err)
	}
	if _, err := r.Rotate(ctx, storage.Operator, ES256); err != nil {
		t.Fatal(err)
	}
	events, _, err := trail.List(ctx, nil, 1000)
	if err != nil || !slices.ContainsFunc(events, func(e *audit.Event) bool {
		return e.Act == audit.ActKeyPublished && e.Via == storage.ViaCLI
	}) {
		t.Errorf("%+v, %v", events, err)
	}
}

func TestDataKeysRotateAndKeepWhatIsStillUsed(t *testing.T) {
	m := newTimed(t)
	sealed := map[Purpose][]byte{}
	for _, p := range purposes {
		sealed[p] = m.ring.Seal(p, nil, []byte(p))
	}
	secret := m.ring.HashClientSecret("secret")
	refresh := m.ring.CurrentKey(PurposeRefresh)
	mac, _ := m.ring.MACWith(PurposeRefresh, refresh, []byte("grant"))
	sid := m.ring.MAC(PurposeSID, []byte("session"))
	m.now = m.now.Add(m.policy.Interval)
	m.tick()
	rotated := m.now
	for _, p := range purposes {
		if now := m.ring.CurrentKey(p); (sealedUnder(sealed[p]) == now) != (p == PurposeSID) {
			t.Errorf("%s seals under %d", p, now)
		}
	}
	check := func(when string, opens func(Purpose) bool) {
		t.Helper()
		for _, p := range purposes {
			if got, err := m.ring.Unseal(p, nil, sealed[p]); (err == nil && string(got) == string(p)) != opens(p) {
				t.Errorf("%s, %s: %v", when, p, err)
			}
		}
		if !m.ring.VerifyClientSecret(secret, "secret") {
			t.Errorf("%s: the client secret is refused", when)
		}
		if got, err := m.ring.MACWith(PurposeRefresh, refresh, []byte("grant")); err != nil || !bytes.Equal(got, mac) {
			t.Errorf("%s: the refresh token is another: %v", when, err)
		}
		if got := m.ring.MAC(PurposeSID, []byte("session")); !bytes.Equal(got, sid) {
			t.Errorf("%s: the sid is another", when)
		}
	}
	// Private keys are sealed anew, so what was under their old data key is not kept.
	check("rotated", func(p Purpose) bool { return p != PurposeSigning })
	m.now = rotated.Add(m.policy.Keep - time.Second)
	m.tick()
	check("just kept", func(p Purpose) bool { return p != PurposeSigning })
	m.now = rotated.Add(m.policy.Keep)
	m.tick()
	m.restart()
	check("no longer kept", func(p Purpose) bool { return p != PurposeSigning && retentions[p] != expires })
	for range 40 {
		m.now = m.now.Add(m.policy.Interval)
		m.tick()
	}
	check("ten years on", func(p Purpose) bool { return p != PurposeSigning && retentions[p] != expires })
	if raw, err := json.Marshal(m.store.set); err != nil || len(raw) > 200<<10 {
		t.Errorf("after ten years the set has %d bytes", len(raw))
	}
}

// For a day, whoever mistyped how long sessions last can take it back, and every cookie
// and hint still opens.
func TestAPolicyRemovesNoKeyBeforeItHasStoodForADay(t *testing.T) {
	m := newTimed(t)
	m.now = m.now.Add(m.policy.Interval)
	m.tick()
	m.now = m.now.Add(minLead + 10*day)
	m.rotate("")
	m.tick()
	stored := func() int { return len(m.store.set.SigningKeys) + len(m.store.set.DataKeys) }
	was := stored()
	set := policy.DefaultSettings()
	set.Lifetimes.SessionAbsolute, set.Changed = 300, uint64(m.now.Unix())
	m.policy, m.now = PolicyOf(set), m.now.Add(day-time.Second)
	m.tick()
	if stored() != was {
		t.Errorf("%d keys of %d are left within a day", stored(), was)
	}
	if _, data, err := m.ring.List(t.Context()); err != nil ||
		!slices.ContainsFunc(data, func(k Info) bool {
			return k.Then == ThenRemoved &&
				k.At.Equal(m.now.Add(time.Second))
		}) {
		t.Error("the list promises another time", err)
	}
	m.now = m.now.Add(time.Second)
	if m.tick(); stored() == was {
		t.Error("nothing is removed although it was meant")
	}
}

func TestEveryPurposeIsKeptAsLongAsItsUseDemands(t *testing.T) {
	want := map[Purpose]retention{
		PurposeFlow: expires, PurposeSession: expires, PurposeBrowser: expires, PurposeAccessToken: expires,
		PurposeOneTime: expires,
		PurposeRefresh: lasts, PurposePassword: lasts, PurposeClientSecret: lasts, PurposeSigning: resealed,
		PurposeSID: fixed,
	}
	for _, p := range purposes {
		if kept, decided := want[p]; !decided || retentions[p] != kept {
			t.Errorf("%s: how long do its keys have to be kept?", p)
		}
	}
}

func TestListSaysWhatHappensNext(t *testing.T) {
	m := newTimed(t)
	m.policy.Algorithms = []string{ES256, EdDSA}
	m.now = epochZero.Add(89 * day)
	m.tick()
	m.policy.Algorithms = []string{ES256}
	m.now = epochZero.Add(90 * day)
	m.tick()
	m.now = m.now.Add(time.Hour)
	m.rotate(ES256)
	signing, data, err := m.ring.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range signing {
		what := fmt.Sprintf("%s %s", k.Algorithm, k.State)
		if k.Then != "" {
			what += fmt.Sprintf(" %s %v", k.Then, k.At.Sub(epochZero))
		}
		got = append(got, fmt.Sprintf("%s %v", what, k.Enabled))
	}
	due, removed := 90*day+time.Hour+minLead, 90*day+m.policy.Keep
	want := []string{
		fmt.Sprintf("ES256 next signs %v true", due), fmt.Sprintf("ES256 current replaced %v true", due),
		fmt.Sprintf("ES256 retired removed %v true", removed),
		"EdDSA current false",
		fmt.Sprintf("RS256 current replaced %v true", 180*day), fmt.Sprintf("RS256 retired removed %v true", removed),
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	for _, k := range data {
		if k.State == policy.KeyCurrent && (k.Then == ThenReplaced) == (k.Purpose == PurposeSID) {
			t.Errorf("%+v", k)
		}
	}
}

// Whatever happens and whenever: every token that is not over verifies, with the key
// set as a client fetched it up to five minutes before the token was signed.
func TestNoTokenInUseEverFailsWhateverRotates(t *testing.T) {
	seeds := 3
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { simulate(t, rand.New(rand.NewPCG(uint64(seed), 7))) })
	}
}

type issued struct {
	alg, kid, token string
	sealed          []byte
	ends            time.Time
}

func simulate(t *testing.T, random *rand.Rand) {
	m := newTimed(t)
	m.policy.Interval = 7 * day
	replica := m.open()
	type fetched struct {
		at  time.Time
		set *jose.JSONWebKeySet
	}
	cache := fetched{m.now, published(t, m.ring)} // of a client that keeps it for as long as it may
	var live []issued
	var macs []issued
	steps := []time.Duration{0, time.Second, time.Minute, 4 * time.Minute, 11 * time.Minute, time.Hour, day, 3 * day}
	for step := range 250 {
		switch random.IntN(12) {
		case 0:
			m.rotate("")
		case 1:
			m.rotate(ES256)
		case 2:
			m.restart()
		case 3:
			m.ring, replica = replica, m.ring // the one that has not heard of anything for a while
			reload(t, m.ring)
		case 4:
			if random.IntN(10) == 0 {
				m.now = m.now.Add(200 * day) // switched off
				m.restart()
			}
		case 5, 6, 7:
			m.tick()
		}
		if m.now.Sub(cache.at) >= 5*time.Minute {
			cache = fetched{m.now, published(t, m.ring)}
		}
		for _, alg := range []string{RS256, ES256} {
			kid := m.ring.state.Load().signing[alg].id
			if len(cache.set.Key(kid)) != 1 {
				t.Fatalf("step %d: %s signs with a key that was not published %v before", step, alg,
					m.now.Sub(cache.at))
			}
			life := []time.Duration{time.Hour, m.policy.Keep - keepMargin}[random.IntN(2)]
			live = append(live, issued{alg, kid, sign(t, m.ring, alg, TypeJWT),
				m.ring.Seal(PurposeAccessToken, nil, []byte("grant")), m.now.Add(life)})
		}
		macs = append(macs, issued{token: "x", sealed: m.ring.HashClientSecret("x")})
		m.now = m.now.Add(steps[random.IntN(len(steps))])
		live = slices.DeleteFunc(live, func(i issued) bool { return !m.now.Before(i.ends) })
		checkLive(t, m.ring, live, macs)
	}
}

func checkLive(t *testing.T, r *Ring, live, macs []issued) {
	t.Helper()
	set := published(t, r)
	for _, i := range live {
		if len(set.Key(i.kid)) != 1 {
			t.Fatalf("the key set has lost %s, which is needed until %v", i.kid, i.ends)
		}
		if _, err := r.Unseal(PurposeAccessToken, nil, i.sealed); err != nil {
			t.Fatal(err)
		}
	}
	if len(live) > 0 { // signatures are slow: one each time
		i := live[len(live)/2]
		if _, alg, err := r.Verify(TypeJWT, i.token); err != nil || alg != i.alg {
			t.Fatal(err)
		}
	}
	for _, i := range macs {
		if !r.VerifyClientSecret(i.sealed, i.token) {
			t.Fatal("a client secret is refused")
		}
	}
}

func TestKeysChangeUnderTraffic(t *testing.T) {
	m := newTimed(t)
	m.policy.Keep = 3650 * day // months pass here between two lines of a goroutine
	done := make(chan struct{})
	var traffic sync.WaitGroup
	for range 4 {
		traffic.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				sealed := m.ring.Seal(PurposeFlow, nil, []byte("x"))
				token := sign(t, m.ring, ES256, TypeJWT)
				if _, err := m.ring.Unseal(PurposeFlow, nil, sealed); err != nil {
					t.Error(err)
				}
				if _, _, err := m.ring.Verify(TypeJWT, token); err != nil {
					t.Error(err)
				}
				if _, _, err := m.ring.List(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 12 {
		now := epochZero.Add(time.Duration(i) * 30 * day)
		if err := m.ring.Tick(context.Background(), now); err != nil {
			t.Error(err)
		}
		if i == 6 {
			if err := m.ring.Reseal(context.Background(), storage.Operator, testMaster(2)); err != nil {
				t.Error(err)
			}
		}
	}
	close(done)
	traffic.Wait()
}
