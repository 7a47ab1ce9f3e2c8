// Package account serves what signed-in people do with their own account.
//
//	GET       /account                         who is signed in, and where the rest is
//	GET       /account/security                how one signs in
//	GET, POST /account/password                another password
//	GET       /account/apps                    what apps may do
//	GET, POST /account/apps/remove             one of them no more
//	GET       /.well-known/change-password     leads there
//
// Whoever is not signed in is sent to sign in, and comes back. Where several accounts
// are signed in on one browser a page is about the one chosen last; each form names
// the account it was shown for, and does nothing to another.
//
// What it does not own: what a page looks like and says (login/page), what is allowed
// and what ends with it (storage), signing in and choosing an account (login/signin).
package account
