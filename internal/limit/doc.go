// Package limit holds the limits on how much and how often, for all rooms.
//
// It owns six small things:
//
//	Prefixes  the networks that an address counts under
//	Rate      so many at once, and then one each interval (GCRA)
//	Pauses    so many failures, and then pauses that double
//	Table     a state for each of many keys, in memory of a fixed size
//	Shares    who may hold how much of what there is, such as places or bytes
//	Turns     whose turn it is among those who wait for a processor core
//
// It does not own what is limited: it knows no user, client or request, and no
// setting. A room declares its limit beside the rule that needs it, and
// docs/operate.md lists all of them. It imports no other room and no HTTP.
//
// Everything is in memory, and its size does not depend on what strangers send.
// What must survive a restart, such as failed passwords, is stored by its room,
// which asks Pauses for the rule.
package limit
