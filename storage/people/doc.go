// Package people owns the accounts of people and what belongs to them: usernames,
// addresses and profile, groups and memberships, sessions, one-time links, changes of
// password, and the counting of failed attempts.
package people
