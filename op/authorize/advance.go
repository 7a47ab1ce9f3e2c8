package authorize

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"latchkey/internal/edge"
	"latchkey/keys"
	"latchkey/op/frontchannel"
	"latchkey/storage"
	"latchkey/storage/grants"
	"latchkey/storage/policy"

	"github.com/gorilla/mux"
)

// ServeFlow evaluates a flow again, with what its pages decided.
func (h *Handler) ServeFlow(w http.ResponseWriter, r *http.Request) {
	id, f, bad := h.flowOf(r)
	if bad != nil {
		h.write(w, r, outcome{page: bad})
		return
	}
	h.write(w, r, h.advance(r, id, f, false))
}

// flowOf finds the flow that the path names in this browser.
func (h *Handler) flowOf(r *http.Request) (storage.ID, *flow, *frontchannel.Refusal) {
	id, err := storage.ParseID(mux.Vars(r)["flow"])
	if err != nil {
		return id, nil, frontchannel.Expired()
	}
	f, err := h.recall(r, id)
	if err != nil {
		return id, nil, frontchannel.Expired()
	}
	bad := h.inTime(r.Context(), f)
	if bad != nil && bad.Kind == frontchannel.RefusedExpired {
		bad = h.tooLate(r.Context(), f)
	}
	return id, f, bad
}

// tooLate is what is said of a flow whose time is over in the browser that began it:
// that it waited too long, or has had its answer, and to which app to go back. That is
// the app's own page, not its redirect URI: an app that waited for hours waits no more.
func (h *Handler) tooLate(ctx context.Context, f *flow) *frontchannel.Refusal {
	bad := frontchannel.Expired()
	if f.Decisions.Over {
		bad = finished()
	}
	c, err := h.Clients.Get(ctx, f.Request.ClientID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
	case err != nil:
		return frontchannel.Internal(err)
	case c.Live():
		bad.Client, bad.Home = c.Name(), c.Metadata.ClientURI
	}
	return bad
}

// inTime refuses a flow whose time is over.
func (h *Handler) inTime(ctx context.Context, f *flow) *frontchannel.Refusal {
	edge.ClientID(ctx, f.Request.ClientID)
	set, err := h.Settings.Get(ctx)
	if err != nil {
		return frontchannel.Internal(err)
	}
	if !h.Now().Before(f.Request.Started.Add(policy.Seconds(set.Lifetimes.Flow))) {
		return frontchannel.Expired()
	}
	return nil
}

// advance evaluates a flow and does what the verdict asks. What a verdict was built upon may
// change before the grant is written; then it is evaluated once more. A fresh flow
// is not in the browser yet.
func (h *Handler) advance(r *http.Request, id storage.ID, f *flow, fresh bool) outcome {
	for range 2 {
		o, stale := h.evaluate(r, id, f, fresh)
		if !stale {
			return o
		}
	}
	return outcome{page: frontchannel.Internal(errors.New("op: what the request is about keeps changing"))}
}

// evaluate is one turn of advance; stale says that it was built upon what has changed.
func (h *Handler) evaluate(r *http.Request, id storage.ID, f *flow, fresh bool) (o outcome, stale bool) {
	st, bad := h.standing(r, id, f)
	o = outcome{client: st.Client, request: &f.Request}
	if bad != nil {
		o.page = bad
		return o, false
	}
	v := evaluate(&f.Request, st, f.Decisions)
	switch {
	case v.fault != nil && !fresh:
		return h.close(id, st, f, v.fault), false
	case v.fault != nil:
		o.fault = v.fault
	case v.refusal != nil:
		o.page = v.refusal
	case v.step != stepNone:
		o.next = flowPath(id) + "/" + string(v.step)
		if life := policy.Seconds(st.Settings.Lifetimes.Flow); fresh {
			o.keep = &keptFlow{id: id, flow: f, life: life, fresh: true}
		}
	default:
		return h.allow(r.Context(), id, f, st, v)
	}
	return o, false
}

// allow has a code made for a user who allows it.
func (h *Handler) allow(ctx context.Context, id storage.ID, f *flow, st *grants.Standing, v verdict) (o outcome,
	stale bool) {
	o = outcome{client: st.Client, request: &f.Request}
	if wait := h.Grants.Count(v.account.User.ID, st.Settings); wait > 0 {
		edge.Sub(ctx, v.account.User.Subject())
		return h.slowDown(o, wait), false
	}
	code, err := h.grant(ctx, id, &f.Request, st, v)
	switch {
	case errors.Is(err, storage.ErrStale):
		return o, true
	case errors.Is(err, storage.ErrFinished):
		o.page = finished()
	case err != nil:
		o.page = frontchannel.Internal(err)
	default:
		edge.Sub(ctx, v.account.User.Subject())
		o.code = code
	}
	return o, false
}

// slowDown is for a user who had too many codes made. Who is there sees a page, and
// the flow stays as it is, to be gone on with by a reload.
func (h *Handler) slowDown(o outcome, wait time.Duration) outcome {
	const code, text = "temporarily_unavailable", "too many codes were made for this user: try again in a moment"
	if o.request.asks("none") {
		o.fault = faulty(code, text)
		return o
	}
	o.page = frontchannel.Refuse(frontchannel.RefusedTooMany, text)
	o.page.Code, o.page.Retry = code, wait
	return o
}

func finished() *frontchannel.Refusal {
	return frontchannel.Refuse(frontchannel.RefusedFinished, "the app has had its answer already")
}

// standing reads what a flow is evaluated against. The client may have changed
// since the flow began: it is checked again. The Standing is never nil.
func (h *Handler) standing(r *http.Request, id storage.ID, f *flow) (*grants.Standing, *frontchannel.Refusal) {
	q := &f.Request
	st, err := h.Grants.Standing(r.Context(), id, q.ClientID, q.Scopes, h.Sessions.Of(r))
	switch {
	case err != nil:
		return &grants.Standing{}, frontchannel.Internal(err)
	case st.Client == nil:
		return st, frontchannel.Refuse(frontchannel.RefusedClient, "no client has this client_id any more")
	case !st.Client.Live():
		return st, frontchannel.Refuse(frontchannel.RefusedUnavailable, "the client's state is %s", st.Client.State)
	case !st.Client.AllowsRedirect(q.RedirectURI):
		return st, frontchannel.Refuse(frontchannel.RefusedRedirect, "the redirect URI is no longer registered")
	case st.Finished || f.Decisions.Over:
		return st, finished()
	}
	return st, nil
}

// grant writes what was decided, and returns the code that stands for it.
func (h *Handler) grant(ctx context.Context, id storage.ID, q *Request, st *grants.Standing, v verdict) (string,
	error) {
	code, hash := keys.NewCode(id)
	g := grants.Grant{ID: id, User: v.account.User.ID, ClientID: st.Client.ID, Session: v.account.Session.ID,
		Scopes: v.scopes, Nonce: q.Nonce, RedirectURI: q.RedirectURI, CodeChallenge: q.Challenge, CodeHash: hash}
	if q.Implied {
		g.RedirectURI = "" // nor need it be sent with the code (RFC 6749 section 4.1.3)
	}
	h.Tokens.AllowRefresh(&g, st.Client)
	if v.account.Consent != nil {
		g.Consent = v.account.Consent.ID
	}
	var err error
	if g.Claims, err = q.Claims.Record(); err != nil {
		return "", fmt.Errorf("op: recording the claims request: %w", err)
	}
	_, err = h.Grants.Create(ctx, grants.NewGrant{Grant: g, ClientRevision: st.Client.Revision,
		Consented: v.consented, RequestID: edge.RequestID(ctx)})
	return code, err
}
