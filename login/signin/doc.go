// Package signin serves the pages by which a person gets in and out: set-up,
// recovery, sign in, choice of account, consent, home and sign out.
//
//	GET, POST /flow/<id>/sign-in   username and password, in a flow
//	GET, POST /flow/<id>/account   which account, in a flow
//	GET       /flow/<id>/account/sign-out   which account to sign out, in a flow
//	GET, POST /flow/<id>/consent   yes or no
//	GET, POST /sign-in             username and password, without a flow
//	GET, POST /choose-account      which account, without a flow
//	GET       /choose-account/sign-out   which account to sign out
//	GET, POST /sign-out
//	GET, POST /setup               the first administrator, by a one-time link
//	GET, POST /recover             a new password, by a one-time link
//	GET       /                    home
//
// Each page does one thing; those of a flow write their decision through op.Flow,
// which sends the browser back to be evaluated. GET changes nothing, POST answers
// with a redirect, or with the same form and what is wrong with it.
//
// What it does not own: what a page looks like and says (login/page), the protocol
// (op), who may sign in (storage).
package signin
