package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
)

// knownEvery is how often a server notes what time it is. A start by a clock that is
// ahead can be told only by such a note.
const knownEvery = time.Hour

const (
	// sweepMargin is how long something must have been expired before it is
	// deleted: a clock that jumped forward and back must not erase what is alive.
	sweepMargin = 24 * time.Hour
	// sweepSlice is how many records one transaction looks at, few enough not to be
	// noticed by whoever waits behind it.
	sweepSlice = 500
	// A tick looks at sweepLook slices of a noun, and at more while there is
	// something to delete, but never at more than sweepMost: where the living stand
	// between the dead, looking takes long. Of what lies at the front it takes all,
	// or whoever leaves more than that in a minute would fill the disk.
	sweepLook = 20
	sweepMost = 200
)

// Sweeper gives back the space of what is over. Correctness never waits for it.
// Tick is for one goroutine, Paused for any.
type Sweeper struct {
	b       *base
	jumps   jumps
	cursors [9][]byte
	known   time.Time // what note last stored
	paused  time.Time // likewise
}

// NewSweeper returns a sweeper.
func (s *Store) NewSweeper(uptime func() Uptime) *Sweeper {
	sweeper := &Sweeper{b: s.base, jumps: newJumps(s.base.now, uptime)}
	sweeper.jumps.pause(s.base.lastKnown.paused.Sub(s.base.now()))
	return sweeper
}

// note stores what time it is, and whether this sweeper believes it: every hour, and
// when a pause begins or ends.
func (s *Sweeper) note(ctx context.Context) error {
	now, paused := s.b.instant(), time.Time{}
	if left := s.jumps.left(); left > 0 {
		paused = now.Add(left).Truncate(time.Second)
	}
	if now.Sub(s.known).Abs() < knownEvery && paused.Sub(s.paused).Abs() < jumpLeast {
		return nil
	}
	err := s.b.noteKnown(ctx, now, paused)
	if err == nil {
		s.known, s.paused = now, paused
	}
	return err
}

// Paused reports whether what the wall clock says is not to be deleted by yet: within a
// day after it has jumped, or after a start when it may be ahead (see Store.LastKnown),
// and within an hour after the machine was asleep.
func (s *Sweeper) Paused() bool { return s.jumps.left() > 0 }

// Tick goes over a part of each noun that expires and deletes what is over; the next
// one goes on from there. It returns how many records it deleted.
func (s *Sweeper) Tick(ctx context.Context) (deleted int, err error) {
	if err := s.note(ctx); err != nil {
		return 0, err
	}
	before := s.b.instant().Add(-sweepMargin)
	if s.Paused() { // by a look at the clock after that instant: it may jump between the two
		return 0, nil
	}
	for i, slice := range []func(kv.Txn, []byte, time.Time) (swept, error){
		s.b.sweepSessions, s.b.sweepGrants, s.b.sweepLinks, s.b.sweepAudit, s.b.sweepConsents,
		s.b.sweepDenied, s.b.sweepRequests, s.b.sweepOffline, s.b.sweepAssertions,
	} {
		for n := 1; ; n++ {
			out, err := update(ctx, s.b, func(tx kv.Txn) (swept, error) { return slice(tx, s.cursors[i], before) })
			if err != nil {
				return deleted, err
			}
			s.cursors[i] = out.next
			deleted += out.n
			if out.next == nil || out.n == 0 && n >= sweepLook || n >= sweepMost && !out.front {
				break
			}
		}
	}
	return deleted, nil
}

// swept is what one slice did and where the next one goes on; nil: at the start.
type swept struct {
	n     int
	next  []byte
	front bool // all that is over lies before all that is not
	odd   int  // could not be read
}

// sweep deletes what is gone of one slice. It passes over what it cannot read, which
// is for Check to report: one bad record must not keep all others forever.
func sweep[T any](tx kv.Txn, t *table[T], after []byte, gone func(*T) (bool, error)) (swept, error) {
	pairs, err := tx.Scan(kv.Range{Prefix: []byte{t.space}, After: after, Limit: sweepSlice})
	if err != nil {
		return swept{}, err
	}
	out := swept{next: goOn(pairs, sweepSlice)}
	for _, pair := range pairs {
		v, err := t.decode(pair.Key[1:], pair.Value)
		if err != nil {
			out.odd++
			continue
		}
		over, err := gone(v)
		if err != nil {
			return swept{}, err
		}
		if !over {
			continue
		}
		if err := t.delete(tx, pair.Key[1:]); err != nil {
			return swept{}, err
		}
		out.n++
	}
	return out, nil
}

// sweepFront is sweep for records whose keys begin with when they end: there may be more
// at the front only if all of the slice that can be read was gone.
func sweepFront[T any](tx kv.Txn, t *table[T], after []byte, gone func(*T) bool) (swept, error) {
	out, err := sweep(tx, t, after, func(v *T) (bool, error) { return gone(v), nil })
	if out.front = true; out.n+out.odd < sweepSlice {
		out.next = nil
	}
	return out, err
}

// sweepSessions deletes those that have ended, or are past their absolute end: a grant may
// outlive its session's idleness, but not that. What settings say is over must have
// been so for as long as what is over otherwise: see Settings.stood.
func (b *base) sweepSessions(tx kv.Txn, after []byte, before time.Time) (swept, error) {
	set, err := b.settingsIn(tx)
	if err != nil {
		return swept{}, err
	}
	return sweep(tx, &b.sessions, after, func(v *Session) (bool, error) {
		if !v.Ended.IsZero() && v.Latest.IsZero() {
			return v.Ended.Before(before), nil
		}
		return set.stood(before) && v.past(set.Lifetimes, before), nil
	})
}

func (b *base) sweepGrants(tx kv.Txn, after []byte, before time.Time) (swept, error) {
	return sweep(tx, &b.grants, after, func(g *Grant) (bool, error) {
		over, err := b.grantOver(tx, g, before)
		if err != nil || !over {
			return false, err
		}
		return true, b.grantStates.delete(tx, key{}.id(g.ID))
	})
}

// grantOver: past its end, or its refresh token went unused too long and so nothing
// of it can be valid any more.
func (b *base) grantOver(tx kv.Txn, g *Grant, before time.Time) (bool, error) {
	if !before.Before(g.Expires) || !g.refreshable() {
		return !before.Before(g.Expires), nil
	}
	set, err := b.settingsIn(tx)
	if err != nil {
		return false, err
	}
	state, err := b.grantStates.get(tx, key{}.id(g.ID))
	if err != nil || state == nil {
		return err == nil, err
	}
	if state.Redeemed.IsZero() {
		return !before.Before(g.CodeExpires), nil
	}
	c, err := b.clients.shared(tx, key{}.str(g.ClientID))
	if err != nil || c == nil || c.UID != g.Client {
		return err == nil, err // the client is gone, and all of it with it
	}
	if !g.Offline {
		if v, err := b.sessions.shared(tx, key{}.id(g.Session)); err != nil || v == nil {
			return err == nil, err // it ended with its session, whose record was swept
		}
	}
	if !set.stood(before) || before.Before(c.Updated) {
		return false, nil
	}
	return state.idle(c.Lifetimes(set.Lifetimes), before), nil
}

func (b *base) sweepDenied(tx kv.Txn, after []byte, before time.Time) (swept, error) {
	return sweepFront(tx, &b.denied, after, func(d *denied) bool { return d.Expires.Before(before) })
}

func (b *base) sweepLinks(tx kv.Txn, after []byte, before time.Time) (swept, error) {
	return sweep(tx, &b.links, after, func(l *Link) (bool, error) { return l.Expires.Before(before), nil })
}

// sweepAudit goes by the oldest end: ids sort by time, so that a slice without anything
// to delete ends the walk.
func (b *base) sweepAudit(tx kv.Txn, after []byte, before time.Time) (swept, error) {
	set, err := b.settingsIn(tx)
	if err != nil {
		return swept{}, err
	}
	if !set.stood(before) {
		return swept{}, nil
	}
	end := before.Add(-time.Duration(set.AuditRetention) * time.Second)
	out, err := sweep(tx, &b.audit, after, func(e *Event) (bool, error) { return e.Time.Before(end), nil })
	if out.n == 0 {
		out.next = nil
	}
	return out, err
}

// sweepConsents deletes those whose user or client is gone.
func (b *base) sweepConsents(tx kv.Txn, after []byte, _ time.Time) (swept, error) {
	return sweep(tx, &b.consents, after, func(v *Consent) (bool, error) {
		u, err := b.users.shared(tx, key{}.id(v.User))
		if err != nil || u == nil {
			return true, err
		}
		c, err := b.clients.shared(tx, key{}.str(v.ClientID))
		return c == nil || c.UID != v.Client, err
	})
}
