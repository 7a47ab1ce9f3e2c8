package pagetest

import (
	"slices"
	"time"

	"latchkey/login/page"
)

// Example is a page in one state, with the status it is answered with.
type Example struct {
	Name   string // fit for a file name
	Status int
	Page   page.Page
}

// Examples returns every page in each of its states.
func Examples() []Example {
	return slices.Concat(homes(), setUps(), signIns(), passwords(), apps(), accounts(), consents(), ends(), errors())
}

// Brand is an example of an operator's settings, without a logo.
func Brand() page.Brand {
	return page.Brand{Name: "Resonite", Accent: "#4a56d2", HomeURL: "https://resonite.example",
		SupportURL: "https://resonite.example/help", PrivacyURL: "https://resonite.example/privacy",
		TermsURL: "https://resonite.example/terms"}
}

// Calendar is an app that filled in all there is to fill in.
func Calendar() *page.App {
	return &page.App{Name: "Event Calendar", Owner: "Metaverse Events", HomeURL: "https://calendar.example",
		PolicyURL: "https://calendar.example/privacy", TermsURL: "https://calendar.example/terms"}
}

// Ada is a person with a name; she has no picture.
func Ada() page.Person { return page.Person{Name: "Ada Lovelace", Username: "ada"} }

func homes() []Example {
	ada := Ada()
	return []Example{
		{"home-before-set-up", 200, page.Home{NeedsSetUp: true}},
		{"home-signed-out", 200, page.Home{}},
		{"home-empty", 200, page.Home{Person: &ada}},
		{"home-empty-admin", 200, page.Home{Person: &ada, Admin: true, Notice: page.Say(page.SetUpDone, "ada")}},
		{"home-apps", 200, page.Home{Person: &ada, SwitchURL: "/choose-account", Apps: []page.App{*Calendar(),
			{Name: "Avatar Bazaar", HomeURL: "https://bazaar.example", Owner: "Bazaar Collective"},
			{Name: "World Statistics", HomeURL: "https://stats.example"},
			{Name: "Voice Notes", Owner: "Metaverse Events"}}}},
	}
}

func setUps() []Example {
	wrong := page.SetUp{Action: "/setup", Token: "example-token", Username: "ada l", Email: "ada@", MinLength: 12}
	wrong.Errors.Add(page.FieldUsername, page.UsernameInvalid)
	wrong.Errors.Add(page.FieldEmail, page.EmailInvalid)
	wrong.Errors.Add(page.FieldPassword, page.PasswordShort, 12)
	recover := page.Recover{Action: "/recover", Token: "example-token", Person: Ada(), MinLength: 12}
	common := recover
	common.Errors.Add(page.FieldPassword, page.PasswordCommon)
	return []Example{
		{"setup", 200, page.SetUp{Action: "/setup", Token: "example-token", MinLength: 12}},
		{"setup-errors", 422, wrong},
		{"setup-used", 410, page.SetUpUsed{}},
		{"setup-link-missing", 404, page.SetUpLink{Missing: true}},
		{"setup-link-expired", 410, page.SetUpLink{}},
		{"recover", 200, recover},
		{"recover-errors", 422, common},
		{"recover-link-expired", 410, page.RecoverLink{}},
	}
}

func signIns() []Example {
	in := page.SignIn{Action: "/flow/example/sign-in", App: Calendar(), Short: 12 * time.Hour}
	grace := page.Person{Name: "Grace Hopper", Username: "grace"}
	with := func(change func(*page.SignIn)) page.SignIn {
		p := in
		change(&p)
		return p
	}
	return []Example{
		{"sign-in", 200, in},
		{"sign-in-local", 200, page.SignIn{Action: "/sign-in", Short: 12 * time.Hour, ReturnTo: "/"}},
		{"sign-in-again", 200, with(func(p *page.SignIn) { p.Username, p.Why, p.Keep = "ada", page.Again, true })},
		{"sign-in-absent", 200, with(func(p *page.SignIn) { p.Why = page.Absent })},
		{"sign-in-other-account", 200, with(func(p *page.SignIn) { p.Problem, p.Person = page.OtherAccount, grace })},
		{"sign-in-other-account-here", 200, with(func(p *page.SignIn) {
			p.Problem, p.Person, p.Instead, p.AccountURL = page.OtherAccount, grace,
				&page.Account{Person: Ada(), ID: "1"}, "/flow/example/account"
		})},
		{"sign-in-signed-out-since", 200, with(func(p *page.SignIn) { p.Problem = page.SignedOutSince })},
		{"sign-in-wrong", 422, with(func(p *page.SignIn) { p.Username, p.Problem = "ada", page.WrongPassword })},
		{"sign-in-left-empty", 422, with(func(p *page.SignIn) {
			p.Errors.Add(page.FieldUsername, page.UsernameMissing)
			p.Errors.Add(page.FieldPassword, page.PasswordMissing)
		})},
		{"sign-in-throttled", 429, with(func(p *page.SignIn) {
			p.Username, p.Problem, p.RetryAfter = "ada", page.Throttled, 5*time.Minute
		})},
		{"sign-in-disabled", 403, with(func(p *page.SignIn) { p.Username, p.Problem = "ada", page.Disabled })},
		{"sign-in-busy", 503, with(func(p *page.SignIn) {
			p.Username, p.Problem, p.RetryAfter = "ada", page.Busy,
				3*time.Second
		})},
		{"sign-in-no-cookies", 400, with(func(p *page.SignIn) { p.Username, p.Problem = "ada", page.NoCookies })},
		{"sign-in-after-recovery", 200, page.SignIn{Action: "/sign-in", Short: 12 * time.Hour, Username: "ada",
			Notice: page.Say(page.PasswordSet)}},
	}
}

func passwords() []Example {
	ask := page.ChangePassword{Action: "/account/password", Person: Ada(), Account: "1",
		SwitchURL: "/choose-account?return_to=%2Faccount%2Fpassword",
		Several:   true, MinLength: 12, EndOthers: true}
	with := func(change func(*page.ChangePassword)) page.ChangePassword {
		p := ask
		change(&p)
		return p
	}
	return []Example{
		{"password", 200, ask},
		{"password-errors", 422, with(func(p *page.ChangePassword) {
			p.EndOthers = false
			p.Errors.Add(page.FieldCurrentPassword, page.CurrentPasswordWrong)
			p.Errors.Add(page.FieldNewPassword, page.PasswordShort, 12)
		})},
		{"password-throttled", 429, with(func(p *page.ChangePassword) {
			p.Problem, p.RetryAfter = page.Throttled,
				5*time.Minute
		})},
		{"password-busy", 503, with(func(p *page.ChangePassword) {
			p.Problem, p.RetryAfter = page.Busy,
				5*time.Second
		})},
		{"password-stale", 409, with(func(p *page.ChangePassword) { p.Problem = page.Stale })},
		{"password-none", 200, page.NoPassword{Person: Ada()}},
	}
}

func apps() []Example {
	since := time.Date(2026, 5, 3, 14, 30, 0, 0, time.UTC)
	list := page.Apps{Person: Ada(), Apps: []page.ConnectedApp{
		{App: *Calendar(), Since: since, RemoveURL: "/account/apps/remove?app=1",
			Scopes: []page.Scope{{Words: "know that it is you"},
				{Words: "see your profile", Values: profile()},
				{Words: "see your e-mail address", Values: mail()}, {Words: "stay connected when you are away"}},
			Asks: true},
		{App: page.App{Name: "World Statistics"}, Since: since, RemoveURL: "/account/apps/remove?app=2",
			Asks: true,
			Scopes: []page.Scope{{Words: "know that it is you"},
				{Claim: "birthdate", Values: []page.Value{{Claim: "birthdate", Text: "1815-12-10"}}}}},
	}}
	list.Apps = append(list.Apps, page.ConnectedApp{App: page.App{Name: "Forum"}, Since: since,
		RemoveURL: "/account/apps/remove?app=3",
		Scopes: []page.Scope{{Words: "know that it is you"},
			{Words: "see which groups you belong to", Groups: []string{"Beta testers", "Moderators"}}}})
	removed := page.Apps{Person: Ada(), SwitchURL: "/choose-account", Notice: page.Say(page.AppRemoved)}
	return []Example{
		{"apps", 200, list},
		{"apps-removed", 200, removed},
		{"app-remove", 200, page.RemoveApp{Action: "/account/apps/remove", Back: "/account/apps", Person: Ada(),
			Account: "1", App: *Calendar(), ID: "1", Asks: true}},
		{"app-remove-own", 200, page.RemoveApp{Action: "/account/apps/remove", Back: "/account/apps", Person: Ada(),
			Account: "1", App: page.App{Name: "Forum"}, ID: "3"}},
		{"account", 200, page.Overview{Person: Ada(), SwitchURL: "/choose-account", Email: "ada@example.org",
			Apps: 3, SignedIn: since}},
		{"account-guessed", 200, page.Overview{Person: Ada(), Email: "ada@example.org", Apps: 3, SignedIn: since,
			Guessed: &page.Guessed{Account: "1", Failures: 200, First: since.Add(-20 * time.Hour),
				Last: since.Add(-time.Hour)}}},
		{"account-no-apps", 200, page.Overview{Person: page.Person{Username: "grace"}, SignedIn: since}},
		{"security", 200, page.Security{Person: Ada(), PasswordURL: "/account/password", SignedIn: since,
			Ends: since.Add(12 * time.Hour)}},
		{"security-no-password", 200, page.Security{Person: Ada(), SignedIn: since,
			Ends: since.Add(30 * 24 * time.Hour), Kept: true}},
		{"security-password-changed", 200,
			page.Security{Person: Ada(), PasswordURL: "/account/password", SignedIn: since,
				Ends:   since.Add(12 * time.Hour),
				Notice: page.Count(page.PasswordChanged, 2)}},
	}
}

func accounts() []Example {
	ada := page.Account{Person: Ada(), ID: "1"}
	others := []page.Account{ada, {Person: page.Person{Username: "grace"}, ID: "2"},
		{Person: page.Person{Name: "Katherine Johnson", Username: "katherine.johnson"}, ID: "3"}}
	const action = "/flow/example/account"
	return []Example{
		{"account-continue", 200, page.ChooseAccount{Action: action, App: Calendar(),
			SignOutURL: action + "/sign-out", Accounts: others[:1]}},
		{"account-choose", 200, page.ChooseAccount{Action: action, SignOutURL: action + "/sign-out",
			App: Calendar(), Accounts: others}},
		{"account-sign-out", 200, page.SignOutOf{Action: action, Back: action, App: Calendar(), Accounts: others}},
		{"account-sign-out-one", 200, page.SignOutOf{Action: "/choose-account", Back: "/choose-account",
			ReturnTo: "/", Accounts: others[:1]}},
		{"account-switch", 200, page.ChooseAccount{Action: "/choose-account",
			SignOutURL: "/choose-account/sign-out", ReturnTo: "/account/password", Accounts: others}},
		{"account-gone", 409, page.ChooseAccount{Action: action, SignOutURL: action + "/sign-out", App: Calendar(),
			Accounts: others[1:], Gone: true}},
		{"account-switch-one", 200, page.ChooseAccount{Action: "/choose-account",
			SignOutURL: "/choose-account/sign-out", ReturnTo: "/", Accounts: others[:1]}},
	}
}

// profile and mail are all that two scopes tell of Ada.
func profile() []page.Value {
	return []page.Value{{Claim: "name", Text: "Ada Lovelace"}, {Claim: "nickname", Text: "Enchantress of Number"},
		{Claim: "preferred_username", Text: "ada"}, {Claim: "website", Text: "https://ada.example"},
		{Claim: "gender", Text: "female"},
		{Claim: "birthdate", Text: "1815-12-10"}, {Claim: "zoneinfo", Text: "Europe/London"},
		{Claim: "updated_at", Text: "2026-05-03T14:05:00Z"}}
}

func mail() []page.Value {
	return []page.Value{{Claim: "email", Text: "ada@example.org"}, {Claim: "email_verified", Text: "true"}}
}

func consents() []Example {
	c := page.Consent{Action: "/flow/example/consent", Review: page.Reviewed, App: *Calendar(), Person: Ada(),
		SwitchURL: "/flow/example/account", RedirectURI: "https://calendar.example/callback?from=latchkey",
		AccountURL: "/account/apps",
		Shown:      "example-digest", Scopes: []page.Scope{
			{Name: "openid", Words: "know that it is you"},
			{Name: "profile", Words: "see your profile", Values: profile()},
			{Name: "email", Words: "see your e-mail address", Values: mail(), Optional: true},
			{Name: "offline_access", Words: "stay connected when you are away", Optional: true},
		}}
	more := c
	more.Scopes = []page.Scope{
		{Name: "openid", Words: "know that it is you", Granted: true},
		{Name: "profile", Words: "see your profile", Granted: true},
		{Name: "groups", Words: "see which groups you belong to", New: true,
			Groups: []string{"Beta testers", "Moderators"}},
		{Name: "patreon", Words: "see your Patreon membership and payments", New: true, Optional: true},
		{Claim: "birthdate", New: true},
		{Name: "email", Words: "see your e-mail address", Values: mail(), Optional: true, Granted: true, Ticked: true},
	}
	many := c
	many.Scopes = append(slices.Clone(c.Scopes),
		page.Scope{Name: "groups", Words: "see which groups you belong to", Optional: true,
			Groups: []string{"Beta testers", "Builders", "Event crew", "Guides", "Mentors", "Moderators", "Musicians",
				"Night shift",
				"Translators", "Volunteers", "World builders", "Writers"}})
	testing := c
	testing.Review, testing.RedirectURI, testing.Scopes = page.InTesting, "com.example.calendar:/callback", c.Scopes[:2]
	known := c
	known.Review, known.RedirectURI, known.App.Owner = page.FirstParty, "http://127.0.0.1:9000/callback", ""
	known.Scopes = []page.Scope{{Name: "openid", Words: "know that it is you", Granted: true}}
	unreviewed := c
	unreviewed.Review, unreviewed.App.Owner = page.Unreviewed, ""
	changed := c
	changed.Changed = true
	return []Example{
		{"consent", 200, c},
		{"consent-changed", 409, changed},
		{"consent-unreviewed", 200, unreviewed},
		{"consent-new-scopes", 200, more},
		{"consent-many-groups", 200, many},
		{"consent-in-testing", 200, testing},
		{"consent-nothing-new", 200, known},
	}
}

func ends() []Example {
	app := Calendar()
	return []Example{
		{"sign-out", 200, page.SignOut{Action: "/sign-out", People: []page.Person{Ada()}}},
		{"sign-out-several", 200, page.SignOut{Action: "/sign-out", OfferEverywhere: true,
			People: []page.Person{Ada(), {Username: "grace"},
				{Name: "Katherine Johnson", Username: "katherine.johnson"}}}},
		{"sign-out-app", 200, page.SignOut{Action: "/sign-out", People: []page.Person{Ada()}, App: app,
			OfferEverywhere: true}},
		{"sign-out-idle", 200, page.SignOut{Action: "/sign-out", App: app}},
		{"signed-out-native-app", 200, page.SignedOut{App: app, ReturnURL: "com.example.calendar:/bye?state=s"}},
		{"signed-out", 200, page.SignedOut{}},
		{"signed-out-app", 200, page.SignedOut{App: app, ReturnURL: "https://calendar.example/bye",
			Informed: []string{"Event Calendar"}}},
		{"post", 200, page.Post{App: *app, URI: "https://calendar.example/cb?a=1&b='2'",
			Params: [][2]string{{"code", "example-code"}, {"state", "an example"}}}},
		{"expired", 410, page.Expired{}},
		{"expired-app", 410, page.Expired{App: app}},
		{"finished", 410, page.Finished{App: app}},
		{"unavailable-not-approved", 403, page.Unavailable{App: *app, Why: page.NotApproved}},
		{"unavailable-suspended", 403, page.Unavailable{App: *app, Why: page.Suspended}},
		{"unavailable-not-allowed", 403, page.Unavailable{App: *app, Why: page.NotAllowed}},
	}
}

func errors() []Example {
	var list []Example
	for _, e := range []struct {
		name string
		page page.Error
	}{
		{"internal", page.Error{Fault: page.Internal}},
		{"bad-request", page.Error{Fault: page.BadRequest, Detail: "The parameter scope was sent twice."}},
		{"forbidden", page.Error{Fault: page.Forbidden}},
		{"not-found", page.Error{Fault: page.NotFound}},
		{"wrong-method", page.Error{Fault: page.WrongMethod}},
		{"too-large", page.Error{Fault: page.TooLarge}},
		{"too-many", page.Error{Fault: page.TooMany, RetryAfter: 90 * time.Second}},
		{"overloaded", page.Error{Fault: page.Overloaded}},
		{"out-of-order", page.Error{Fault: page.OutOfOrder}},
		{"cross-origin", page.Error{Fault: page.CrossOrigin}},
		{"unknown-app", page.Error{Fault: page.UnknownApp,
			Detail: "invalid_request: there is no client with that client_id."}},
		{"wrong-address", page.Error{Fault: page.WrongAddress, App: Calendar(),
			Detail: "invalid_request: the redirect_uri https://calendar.example/cb is not registered."}},
		{"still-signed-in", page.Error{Fault: page.WrongAddress, App: Calendar(),
			SignOutURL: "/connect/endsession?request=x",
			Detail:     "redirect_uri: the post_logout_redirect_uri sent is not registered: https://calendar.example/by"}},
		{"wrong-question", page.Error{Fault: page.WrongQuestion, App: Calendar(), Code: "invalid_request",
			Detail: "invalid_request: response_type is missing."}},
		{"wrong-scope", page.Error{Fault: page.WrongQuestion, App: Calendar(), Code: "invalid_scope",
			Detail: "invalid_scope: none of the scopes asked for may be asked for by this client."}},
	} {
		list = append(list, Example{"error-" + e.name, e.page.Fault.Status(), e.page})
	}
	return list
}
