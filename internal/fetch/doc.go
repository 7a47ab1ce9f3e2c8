// Package fetch is the one way in which Latchkey fetches an address that somebody
// else has named, such as a client's jwks_uri. It owns the rules by which whoever
// names one cannot make Latchkey speak to what only Latchkey can reach (server-side
// request forgery):
//
//   - https, its certificate verified; http for this machine, and only if that is
//     allowed;
//   - public addresses only, judged on the resolved address when the connection is
//     made, so that a name may lead where it wants, and change its mind; exceptions
//     are the operator's;
//   - no redirects, no proxies of the environment, no cookies, no user information;
//   - bounded: time, size, and how many at once.
//
// It does not know what is fetched or what for, and keeps nothing.
package fetch
