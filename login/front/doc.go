// Package front is what the handlers of all pages share: how a page is shown and a
// form taken, how a password is asked for, where a sign-in may lead back to, and what
// the next page is to say.
//
// What it does not own: routes (each room of login has its own), what a page looks
// like and says (login/page), who may do what (storage).
package front
