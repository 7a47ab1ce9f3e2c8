package page

// catalogue is everything that pages say in one language.
type catalogue struct {
	lang, dir  string
	dayFormat  string           // of a day, for time.Format
	timeFormat string           // of a moment in UTC, for time.Format
	plural     func(int) string // the CLDR plural category of a number
	messages   map[Key]string
}

// Sentences that handlers choose. Those with arguments say which.
const (
	UsernameMissing  Key = "problem.username.missing"
	UsernameInvalid  Key = "problem.username.invalid"
	UsernameTaken    Key = "problem.username.taken"
	EmailInvalid     Key = "problem.email.invalid"
	EmailTaken       Key = "problem.email.taken"
	PasswordMissing  Key = "problem.password.missing"
	PasswordShort    Key = "problem.password.short" // characters needed
	PasswordLong     Key = "problem.password.long"  // characters allowed
	PasswordCommon   Key = "problem.password.common"
	PasswordPersonal Key = "problem.password.personal"
	PasswordText     Key = "problem.password.text"

	CurrentPasswordMissing Key = "problem.password.current.missing"
	CurrentPasswordWrong   Key = "problem.password.current.wrong"
	NewPasswordMissing     Key = "problem.password.new.missing"
	NewPasswordSame        Key = "problem.password.new.same"

	SetUpDone       Key = "notice.set_up" // username
	PasswordSet     Key = "notice.password_set"
	PasswordChanged Key = "notice.password_changed" // by Count: other devices signed out
	// PasswordChangedOnly: no other device was signed out.
	PasswordChangedOnly Key = "notice.password_changed.only"
	AppRemoved          Key = "notice.app_removed"
)

var english = catalogue{
	lang: "en", dir: "ltr", dayFormat: "2 January 2006", timeFormat: "2 January 2006, 15:04 UTC",
	plural: func(n int) string {
		if n == 1 {
			return "one"
		}
		return "other"
	},
	messages: map[Key]string{
		"frame.title":       "{1} – {2}",
		"frame.title.error": "Error: {1} – {2}",
		"frame.skip":        "Skip to the content",
		"frame.problem":     "There is a problem",
		"frame.about":       "About {1}",
		"frame.website":     "Website",
		"frame.help":        "Help",
		"frame.privacy":     "Privacy",
		"frame.terms":       "Terms",

		"link.home":          "Go to the start page",
		"link.help":          "Get help",
		"link.help_from":     "Get help from {1}",
		"link.return":        "Return to {1}",
		"link.sign_in":       "Sign in",
		"link.sign_in_again": "Sign in again",

		"wait.seconds.one":   "1 second",
		"wait.seconds.other": "{1} seconds",
		"wait.minutes.one":   "1 minute",
		"wait.minutes.other": "{1} minutes",

		"field.username":         "Username",
		"field.username.hint":    "What you sign in with: letters, digits and marks such as hyphen, underscore and dot. No spaces.",
		"field.email":            "E-mail address",
		"field.email.hint":       "For messages about your account.",
		"field.login":            "Username or e-mail",
		"field.password":         "Password",
		"field.password.new":     "New password",
		"field.password.current": "Current password",
		"field.password.rules":   "At least {1} characters. Four or five unrelated words make a good one.",
		"field.optional":         "(optional)",
		"field.show":             "Show",
		"field.hide":             "Hide",
		"field.show.label":       "Show password",
		"field.hide.label":       "Hide password",

		"problem.username.missing":  "Enter a username.",
		"problem.username.invalid":  "Choose a username of letters, digits and marks such as hyphen, underscore and dot, at most 64 characters long.",
		"problem.username.taken":    "That username is taken. Choose another.",
		"problem.email.invalid":     "Enter an address like ada@example.org, or leave this empty.",
		"problem.email.taken":       "Another account uses that address.",
		"problem.password.missing":  "Enter a password.",
		"problem.password.short":    "Use at least {1} characters.",
		"problem.password.long":     "Use at most {1} characters.",
		"problem.password.common":   "Many people use that password, so it is among the first to be guessed. Choose another.",
		"problem.password.personal": "Choose a password without your name, username or e-mail address in it.",

		"problem.password.current.missing": "Enter your current password.",
		"problem.password.current.wrong":   "That is not your current password.",
		"problem.password.new.missing":     "Enter a new password.",
		"problem.password.new.same":        "That is the password you have. Choose another.",

		"problem.password.text": "Use characters that can be seen: this holds a control character or damaged text.",

		"notice.password_set":           "Your new password is saved. Sign in with it.",
		"notice.set_up":                 "All set. You are signed in as {1}.",
		"notice.password_changed.only":  "Password changed.",
		"notice.password_changed.one":   "Password changed. You were signed out on 1 other device.",
		"notice.password_changed.other": "Password changed. You were signed out on {1} other devices.",

		"notice.app_removed": "The app was removed. It can do nothing more with your account.",

		"apps.title":        "Apps with access",
		"apps.what":         "What each app may do with your account, until you remove it.",
		"apps.since":        "Since",
		"apps.remove":       "Remove",
		"apps.remove.of":    "Remove {1}",
		"apps.keep":         "Keep",
		"apps.remove.title": "Remove {1}?",
		"apps.remove.what":  "{1} stops working for you at once. Data it already copied stays with it.",

		"home.title":       "Home",
		"home.welcome":     "One account for all of your apps.",
		"home.sign_in":     "Sign in",
		"home.apps":        "Your apps",
		"home.apps.what":   "These apps may use your account.",
		"home.empty":       "No apps yet. When you allow one, it appears here.",
		"home.empty.admin": "Add the first app by this command, on the machine that runs the server:",
		"home.account":     "Your account",
		"home.setup.title": "Almost ready",
		"home.setup.what":  "This server has no administrator yet.",
		"home.setup.how":   "Whoever runs it gets a set-up link by this command, on the machine that it runs on:",

		"setup.title":        "Set up {1}",
		"setup.what":         "You are here by the link that the server printed where it was started. This makes the first administrator; the link then stops working.",
		"setup.button":       "Create administrator",
		"setup.used.title":   "Already set up",
		"setup.used.what":    "There is an administrator, so set-up links do nothing any more.",
		"setup.used.how":     "An administrator who cannot sign in gets a recovery link by this command, on the machine that runs the server:",
		"setup.link.title":   "This link does not work",
		"setup.link.missing": "Setting up needs a link that the server prints where it was started.",
		"setup.link.expired": "It was copied incompletely, or it is too old, or a newer one replaced it.",
		"setup.link.how":     "Get a new one by this command, on the machine that runs the server:",

		"recover.title":      "Set a new password",
		"recover.for":        "For {1}",
		"recover.what":       "Saving signs you out on every device, and ends what apps could do while you were away.",
		"recover.button":     "Save password",
		"recover.link.title": "This link does not work",
		"recover.link.what":  "Recovery links work once, and for a short time.",
		"recover.link.how":   "Ask whoever runs {1} for a new one.",

		"signin.title":      "Sign in to {1}",
		"signin.title.app":  "Sign in to continue to {1}",
		"signin.with":       "with your {1} account",
		"signin.again":      "To be sure that it is you, {1} asks you to sign in again.",
		"signin.absent":     "{1} asks for an account that is not signed in here.",
		"signin.other":      "{1} asks for another account than {2}. Sign in with that one, or cancel to go back to the app.",
		"signin.other.here": "{1} asks for another account than {2}. Continue as {3}, or cancel to go back to the app.",
		"signin.signed_out": "You were signed out while this was open. Sign in again to go on.",
		"signin.button":     "Sign in",
		"signin.cancel":     "Cancel",
		"signin.forgot":     "Forgotten your password?",
		"signin.wrong":      "That username and password do not match.",
		"signin.throttled":  "There were too many attempts. Try again in {1}.",
		"signin.busy":       "Many people are signing in right now. Wait a few seconds and try again.",
		"signin.no_cookies": "Your browser did not keep our cookie. Allow cookies for this site, then try again.",

		"password.title":           "Change password",
		"password.everywhere":      "Sign out my other devices",
		"password.everywhere.what": "Apps lose their access too, even those that stay connected while you are away. You stay signed in here.",
		"password.button":          "Change password",
		"password.cancel":          "Cancel",
		"password.stale":           "Your account was changed while this page was open. Nothing was changed now: try again.",
		"password.none.title":      "This account has no password",
		"password.none.what":       "You sign in to it in another way.",
		"password.none.how":        "To get a password, ask whoever runs {1} for a recovery link.",

		"app.documents": "More about {1}:",
		"app.policy":    "Privacy policy",
		"app.terms":     "Terms of use",

		"account.title":        "Choose an account",
		"account.gone":         "That account is signed out by now. Choose another, or sign in.",
		"account.continue":     "Continue to {1}",
		"account.continue.app": "Continue to {1}",
		"account.password":     "Change password",
		"account.apps":         "Apps with access",
		"account.switch":       "Switch account",
		"account.to":           "to continue to {1}",
		"account.signed_in":    "You are signed in as",
		"account.go":           "Continue as {1}",
		"account.list":         "Accounts on this browser",
		"account.another":      "Use another account",
		"account.sign_out":     "Sign out",
		"account.sign_out.of":  "Sign out {1}",
		"account.sign_out.all": "Sign out of all accounts",

		"consent.title":             "{1} wants to use your {2} account",
		"consent.changed":           "What you answered has changed since it was shown. Nothing was allowed yet: look again.",
		"consent.by":                "by {1}",
		"consent.reviewed":          "Reviewed by {1}",
		"consent.first_party":       "Made by {1}",
		"consent.testing":           "In testing: only its team can use it",
		"consent.unreviewed":        "Not reviewed by {1}",
		"consent.as":                "as {1}",
		"consent.not_you":           "not you?",
		"consent.will":              "{1} will be able to:",
		"consent.may":               "You may also let it:",
		"consent.groups.next":       ", ",
		"consent.groups.more.one":   " and 1 more",
		"consent.groups.more.other": " and {1} more",
		"consent.new":               "New",
		"consent.known":             "Allowed before",
		"consent.kept":              "Untick what it may no longer do:",
		"consent.return":            "You will return to {1}",
		"consent.return.device":     "You will return to a program on this device ({1})",
		"consent.remove":            "Remove it any time in your account",
		"consent.allow":             "Allow",
		"consent.deny":              "Deny",

		"claim.name":                  "See your name",
		"claim.given_name":            "See your first name",
		"claim.family_name":           "See your family name",
		"claim.middle_name":           "See your middle name",
		"claim.nickname":              "See your nickname",
		"claim.preferred_username":    "See your username",
		"claim.profile":               "See the address of your profile page",
		"claim.picture":               "See your picture",
		"claim.website":               "See your website",
		"claim.email":                 "See your e-mail address",
		"claim.email_verified":        "See whether your e-mail address is confirmed",
		"claim.gender":                "See your gender",
		"claim.birthdate":             "See your date of birth",
		"claim.zoneinfo":              "See your time zone",
		"claim.locale":                "See your language",
		"claim.phone_number":          "See your phone number",
		"claim.phone_number_verified": "See whether your phone number is confirmed",
		"claim.address":               "See your postal address",
		"claim.updated_at":            "See when your profile changed last",
		"claim.patreon":               "See your Patreon membership",
		"claim.groups":                "See which groups you belong to",
		"claim.sub":                   "Know that it is you",
		"claim.auth_time":             "See when you signed in",
		"claim.acr":                   "See how you signed in",
		"claim.other":                 "See “{1}” of your account",

		"signout.title":      "Sign out of {1}?",
		"signout.app":        "{1} asked to sign you out.",
		"signout.idle":       "Nobody was here for a while. Apps that were opened may still be signed in.",
		"signout.everywhere": "Also sign out on my other devices",
		"signout.button":     "Sign out",
		"signout.stay":       "Stay signed in",
		"signout.leave":      "Not now",

		"post.title":  "Back to {1}",
		"post.what":   "You are on your way. If this page stays, choose Continue.",
		"post.button": "Continue",

		"signedout.title":          "You are signed out",
		"signedout.what":           "You signed out of {1} on this browser.",
		"signedout.informed.one":   "1 app was told.",
		"signedout.informed.other": "{1} apps were told.",
		"signedout.shared":         "On a shared computer, close the browser too: apps that you opened may keep you signed in.",

		"expired.title":     "This page waited too long",
		"expired.what":      "Go back to the app that you came from and start again.",
		"expired.what.app":  "Return to {1} and start again.",
		"expired.why":       "The same happens when a sign-in is begun in one browser and gone on with in another.",
		"finished.title":    "This is done already",
		"finished.what":     "You have answered this before. To sign in again, start from the app.",
		"finished.what.app": "You have answered this before. To sign in again, start from {1}.",

		"unavailable.title":     "{1} is not available",
		"unavailable.review":    "{1} waits to be reviewed by {2}. Until then only its team can use it.",
		"unavailable.suspended": "{1} has suspended {2}. Your account is not affected.",
		"unavailable.group":     "Your account is not among those that may use {1}.",
		"unavailable.ask":       "If you need it, ask {1}.",

		"error.reference":      "Request id",
		"error.time":           "Time",
		"error.status":         "Status",
		"error.detail":         "Detail",
		"error.details":        "Technical details",
		"error.copy":           "Copy",
		"error.copied":         "Copied",
		"error.retry":          "Wait {1}, then try again.",
		"error.app.turn":       "You can do nothing about this here. Tell the developer of the app that sent you.",
		"error.app.turn.named": "You can do nothing about this here. Tell the developer of {1}.",

		"error.internal":            "Something went wrong here",
		"error.internal.what":       "This is our fault, not yours.",
		"error.internal.turn":       "Try again in a moment. If it happens again, tell us the request id below.",
		"error.bad_request":         "This request could not be understood",
		"error.bad_request.what":    "The address or the form arrived incomplete or damaged.",
		"error.bad_request.turn":    "Go back, reload the page and try again.",
		"error.forbidden":           "You may not open this page",
		"error.forbidden.what":      "Your account does not have the rights for it.",
		"error.forbidden.turn":      "If it should, ask an administrator.",
		"error.not_found":           "There is no such page",
		"error.not_found.what":      "The address may be mistyped, or the page may have moved.",
		"error.not_found.turn":      "Check the address, or begin at the start page.",
		"error.method":              "This address does not work like that",
		"error.method.what":         "It was opened in a way that it is not made for.",
		"error.method.turn":         "Begin at the start page.",
		"error.too_large":           "That was too much at once",
		"error.too_large.what":      "What was sent is larger than we accept.",
		"error.too_large.turn":      "Send less, and try again.",
		"error.too_many":            "Too many requests",
		"error.too_many.what":       "More requests came from you or your network than we can take.",
		"error.too_many.turn":       "Wait a moment, then try again.",
		"error.out_of_order":        "We are out of order right now",
		"error.out_of_order.what":   "Our records cannot be read. This is our fault, not yours.",
		"error.out_of_order.turn":   "Try again in a few minutes. If it lasts, tell us the request id below.",
		"error.overloaded":          "We are very busy",
		"error.overloaded.what":     "More is going on right now than we can handle.",
		"error.overloaded.turn":     "Wait a moment, then try again.",
		"error.cross_origin":        "This form came from another site",
		"error.cross_origin.what":   "To protect your account, forms are accepted only from our own pages. Nothing was changed.",
		"error.cross_origin.turn":   "Open the page here and try again.",
		"error.unknown_app":         "We do not know this app",
		"error.unknown_app.what":    "The app that sent you is not registered, or its registration was removed.",
		"error.wrong_address":       "This app is not set up correctly",
		"error.wrong_address.what":  "The app sent an address it has not registered, so we did not send you there.",
		"error.wrong_question":      "This app is not set up correctly",
		"error.wrong_question.what": "The app sent a request that we cannot answer.",
	},
}
