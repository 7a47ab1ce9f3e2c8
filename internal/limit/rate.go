package limit

import "time"

// Rate allows Burst at once and one more each Every after that. It is the generic cell
// rate algorithm (ITU-T I.371): all it keeps of a key is one instant, where the buckets
// of golang.org/x/time/rate are objects with a lock each.
type Rate struct {
	Burst uint32
	Every time.Duration
}

// Spent is what a Rate keeps of a key: when nothing of its burst will be spent any more,
// in Unix nanoseconds. The zero value: nothing is spent.
type Spent int64

// Wait returns how long after now the next one has to wait, and counts nothing; 0: it
// may go on.
func (r Rate) Wait(s Spent, now time.Time) time.Duration {
	return max(0, r.ahead(s, now)+r.Every-r.all())
}

// Take counts one if it need not wait, and returns how long it has to; 0: it was counted.
func (r Rate) Take(s *Spent, now time.Time) time.Duration {
	if wait := r.Wait(*s, now); wait > 0 {
		return wait
	}
	*s = Spent(now.Add(r.ahead(*s, now) + r.Every).UnixNano())
	return 0
}

// Add counts one whether or not it had to wait: it has happened.
func (r Rate) Add(s *Spent, now time.Time) {
	*s = Spent(now.Add(min(r.ahead(*s, now)+r.Every, r.all())).UnixNano())
}

func (r Rate) all() time.Duration { return time.Duration(r.Burst) * r.Every }

// ahead is how much of the burst is spent at now, as a time: all of it at most. More means
// that the clock was set back; then one is allowed, so that nobody waits for it to catch up.
func (r Rate) ahead(s Spent, now time.Time) time.Duration {
	ahead := time.Duration(int64(s) - now.UnixNano())
	if ahead > r.all()+overtaken {
		return r.all() - r.Every
	}
	return min(max(0, ahead), r.all())
}
