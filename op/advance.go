package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/policy"
)

// serveFlow evaluates a flow again, with what its pages decided.
func (p *Provider) serveFlow(w http.ResponseWriter, r *http.Request) {
	id, f, bad := p.flowOf(r)
	if bad != nil {
		p.refuse(w, r, nil, bad)
		return
	}
	p.advance(w, r, id, f, false)
}

// flowOf finds the flow that the path names in this browser.
func (p *Provider) flowOf(r *http.Request) (storage.ID, *flow, *Refusal) {
	id, err := storage.ParseID(mux.Vars(r)["flow"])
	if err != nil {
		return id, nil, expired()
	}
	f, err := p.recall(r, id)
	if err != nil {
		return id, nil, expired()
	}
	bad := p.inTime(r.Context(), f)
	if bad != nil && bad.Kind == RefusedExpired {
		bad = p.tooLate(r.Context(), f)
	}
	return id, f, bad
}

// tooLate is what is said of a flow whose time is over in the browser that began it:
// that it waited too long, or has had its answer, and to which app to go back. That is
// the app's own page, not its redirect URI: an app that waited for hours waits no more.
func (p *Provider) tooLate(ctx context.Context, f *flow) *Refusal {
	bad := expired()
	if f.Decisions.Over {
		bad = finished()
	}
	c, err := p.store.Clients.Get(ctx, f.Request.ClientID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
	case err != nil:
		return p.internal(ctx, err)
	case c.Live():
		bad.Client, bad.Home = c.Name(), c.Metadata.ClientURI
	}
	return bad
}

// expired is the one answer to a flow that is over, unknown, changed or another
// browser's.
func expired() *Refusal {
	return refuse(RefusedExpired, "the flow is over, or began in another browser")
}

// inTime refuses a flow whose time is over.
func (p *Provider) inTime(ctx context.Context, f *flow) *Refusal {
	edge.ClientID(ctx, f.Request.ClientID)
	set, err := p.store.Settings.Get(ctx)
	if err != nil {
		return p.internal(ctx, err)
	}
	if !p.now().Before(f.Request.Started.Add(policy.Seconds(set.Lifetimes.Flow))) {
		return expired()
	}
	return nil
}

// advance evaluates and acts on the verdict. What a verdict was built upon may
// change before the grant is written; then it is evaluated once more. A fresh flow
// is not in the browser yet.
func (p *Provider) advance(w http.ResponseWriter, r *http.Request, id storage.ID, f *flow, fresh bool) {
	for range 2 {
		st, bad := p.standing(r, id, f)
		if bad != nil {
			p.refuse(w, r, st.Client, bad)
			return
		}
		v := evaluate(&f.Request, st, f.Decisions)
		switch {
		case v.fault != nil && !fresh:
			p.close(w, r, id, st, f, v.fault)
			return
		case v.fault != nil:
			p.answerFault(w, r, st.Client, &f.Request, v.fault)
			return
		case v.refusal != nil:
			p.refuse(w, r, st.Client, v.refusal)
			return
		case v.step != stepNone:
			p.ask(w, r, st, id, f, v.step, fresh)
			return
		}
		if wait := p.store.Grants.Count(v.account.User.ID, st.Settings); wait > 0 {
			p.slowDown(w, r, st.Client, &f.Request, v, wait)
			return
		}
		code, err := p.grant(r.Context(), id, &f.Request, st, v)
		if errors.Is(err, storage.ErrStale) {
			continue
		}
		p.answerCode(w, r, st, f, v, code, err)
		return
	}
	p.refuse(w, r, nil, p.internal(r.Context(), errors.New("op: what the request is about keeps changing")))
}

// slowDown answers for a user who had too many codes made. Who is there sees a page, and
// the flow stays as it is, to be gone on with by a reload.
func (p *Provider) slowDown(w http.ResponseWriter, r *http.Request, c *apps.Client, q *Request, v verdict, wait time.Duration) {
	edge.Sub(r.Context(), v.account.User.Subject())
	const code, text = "temporarily_unavailable", "too many codes were made for this user: try again in a moment"
	if q.asks("none") {
		p.answerFault(w, r, c, q, faulty(code, text))
		return
	}
	edge.Fail(r.Context(), code, errors.New(text))
	bad := refuse(RefusedTooMany, text)
	bad.Code, bad.Retry = code, wait
	p.refuse(w, r, c, bad)
}

// ask sends the browser to the page for a step, with the flow if it is fresh.
func (p *Provider) ask(w http.ResponseWriter, r *http.Request, st *grants.Standing, id storage.ID, f *flow, s step, fresh bool) {
	if fresh {
		life := policy.Seconds(st.Settings.Lifetimes.Flow)
		p.keep(w, id, p.nameFor(w, r, id, life), f, life)
	}
	see(w, flowPath(id)+"/"+string(s))
}

func (p *Provider) answerCode(w http.ResponseWriter, r *http.Request, st *grants.Standing, f *flow, v verdict, code string, err error) {
	switch {
	case errors.Is(err, storage.ErrFinished):
		p.refuse(w, r, st.Client, finished())
	case err != nil:
		p.refuse(w, r, st.Client, p.internal(r.Context(), err))
	default:
		edge.Sub(r.Context(), v.account.User.Subject())
		p.answer(w, r, st.Client, &f.Request, [][2]string{{"code", code}})
	}
}

func finished() *Refusal { return refuse(RefusedFinished, "the app has had its answer already") }

// standing reads what a flow is evaluated against. The client may have changed
// since the flow began: it is checked again. The Standing is never nil.
func (p *Provider) standing(r *http.Request, id storage.ID, f *flow) (*grants.Standing, *Refusal) {
	q := &f.Request
	st, err := p.store.Grants.Standing(r.Context(), id, q.ClientID, q.Scopes, p.sessions.Of(r))
	switch {
	case err != nil:
		return &grants.Standing{}, p.internal(r.Context(), err)
	case st.Client == nil:
		return st, refuse(RefusedClient, "no client has this client_id any more")
	case !st.Client.Live():
		return st, refuse(RefusedUnavailable, "the client's state is %s", st.Client.State)
	case !st.Client.AllowsRedirect(q.RedirectURI):
		return st, refuse(RefusedRedirect, "the redirect URI is no longer registered")
	case st.Finished || f.Decisions.Over:
		return st, finished()
	}
	return st, nil
}

// grant writes what was decided, and returns the code that stands for it.
func (p *Provider) grant(ctx context.Context, id storage.ID, q *Request, st *grants.Standing, v verdict) (string, error) {
	code, hash := keys.NewCode(id)
	g := grants.Grant{ID: id, User: v.account.User.ID, ClientID: st.Client.ID, Session: v.account.Session.ID,
		Scopes: v.scopes, Nonce: q.Nonce, RedirectURI: q.RedirectURI, CodeChallenge: q.Challenge, CodeHash: hash}
	if q.Implied {
		g.RedirectURI = "" // nor need it be sent with the code (RFC 6749 section 4.1.3)
	}
	p.allowRefresh(&g, st.Client)
	if v.account.Consent != nil {
		g.Consent = v.account.Consent.ID
	}
	var err error
	if g.Claims, err = q.Claims.record(); err != nil {
		return "", fmt.Errorf("op: recording the claims request: %w", err)
	}
	_, err = p.store.Grants.Create(ctx, grants.NewGrant{Grant: g, ClientRevision: st.Client.Revision,
		Consented: v.consented, RequestID: edge.RequestID(ctx)})
	return code, err
}
