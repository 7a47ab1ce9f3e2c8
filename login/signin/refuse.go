package signin

import (
	"net/http"

	"latchkey/internal/edge"
	"latchkey/login/front"
	"latchkey/login/page"
	"latchkey/op/frontchannel"
	"latchkey/op/signout"
)

// Pages shows what op must not answer by a redirect.
type Pages struct{ Renderer *page.Renderer }

func (p Pages) show(w http.ResponseWriter, r *http.Request, status int, what page.Page) {
	front.Front(p).Show(w, r, status, what)
}

var refusalFaults = map[frontchannel.RefusalKind]page.Fault{
	frontchannel.RefusedClient:   page.UnknownApp,
	frontchannel.RefusedRedirect: page.WrongAddress,
	frontchannel.RefusedRequest:  page.WrongQuestion,
	frontchannel.RefusedTooMany:  page.TooMany,
	frontchannel.RefusedInternal: page.Internal,
	frontchannel.RefusedStopped:  page.OutOfOrder,
}

// Refuse is op's way to end a request on a page.
func (p Pages) Refuse(w http.ResponseWriter, r *http.Request, why frontchannel.Refusal) {
	var app *page.App
	if why.Client != "" {
		app = &page.App{Name: why.Client, HomeURL: why.Home}
	}
	switch why.Kind {
	case frontchannel.RefusedExpired:
		p.show(w, r, why.Status, page.Expired{App: app})
	case frontchannel.RefusedFinished:
		p.show(w, r, why.Status, page.Finished{App: app})
	case frontchannel.RefusedUnavailable:
		reason := page.NotApproved
		if why.Suspended {
			reason = page.Suspended
		}
		p.show(w, r, why.Status, page.Unavailable{App: *app, Why: reason})
	case frontchannel.RefusedNotAllowed:
		p.show(w, r, why.Status, page.Unavailable{App: *app, Why: page.NotAllowed})
	default:
		detail := why.Detail
		if why.Code != "" {
			detail = why.Code + ": " + detail
		}
		p.show(w, r, why.Status, page.Error{Fault: refusalFaults[why.Kind], App: app, Code: why.Code, Detail: detail,
			RetryAfter: why.Retry, SignOutURL: why.SignOut})
	}
}

// Post is op's way to have an answer sent to the app by a form.
func (p Pages) Post(w http.ResponseWriter, r *http.Request, answer frontchannel.Post) {
	p.show(w, r, http.StatusOK, page.Post{App: page.App{Name: answer.Client}, URI: answer.URI, Params: answer.Params})
}

// SignedOut is op's way to say that an app's request to sign out is done.
func (p Pages) SignedOut(w http.ResponseWriter, r *http.Request, l *signout.Logout) {
	p.show(w, r, http.StatusOK, signedOut(l))
}

// Fail is the edge's way to answer what no handler did: pages for people.
func (p Pages) Fail(w http.ResponseWriter, r *http.Request, problem edge.Problem) {
	p.show(w, r, problem.Status, page.Error{Fault: page.FaultOf(problem.Status), Detail: problem.Message})
}
