package front

import (
	"net/url"
	"slices"
)

// Paths of pages that other rooms' pages lead to.
const (
	PathHome     = "/"
	PathSignIn   = "/sign-in"
	PathChoose   = "/choose-account"
	PathPassword = "/account/password"
	PathApps     = "/account/apps"
	PathAccount  = "/account"
	PathSecurity = "/account/security"
)

// returns are the pages that signing in, or choosing an account, may lead back to. A
// list and not a form that paths must have: what comes in an address was written by
// anybody.
var returns = []string{PathHome, PathPassword, PathApps, PathAccount, PathSecurity}

// ReturnPath is where to go after a page that was asked to lead back to the path to:
// there if it is one of ours, else home.
func ReturnPath(to string) string {
	if slices.Contains(returns, to) {
		return to
	}
	return PathHome
}

// Back is the address of a page that leads back to a path afterwards.
func Back(path, to string) string {
	if to == PathHome {
		return path
	}
	return path + "?" + url.Values{"return_to": {to}}.Encode()
}
