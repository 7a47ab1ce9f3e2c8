package limit

import "time"

// Pauses allows Free failures in a row. Then there is one attempt after each pause, and
// each pause is twice as long as the one before: First, then up to Most. It never locks.
// A row of failures is over after success, or after Forget without an attempt.
type Pauses struct {
	Free        uint32
	First, Most time.Duration
	Forget      time.Duration
}

// Failures are those in a row. Last is when the last one was, in Unix seconds.
type Failures struct {
	Count uint32
	Last  int64
}

// overtaken is by how much an attempt may be older than one that was counted before it:
// attempts at once get their instants first and their turns later. Beyond it the clock was
// set back.
const overtaken = time.Minute

// Wait returns how long after now the next attempt is refused; 0: it is allowed.
func (p Pauses) Wait(f Failures, now time.Time) time.Duration {
	since := now.Sub(time.Unix(f.Last, 0))
	if f.Count < p.Free || p.Over(f, now) || since < -overtaken {
		return 0
	}
	return max(0, p.pause(f.Count)-max(0, since))
}

// pause is the one after so many failures.
func (p Pauses) pause(failures uint32) time.Duration {
	d := p.First
	for i := p.Free; i < failures && d < p.Most; i++ {
		d *= 2
	}
	return min(d, max(p.First, p.Most))
}

// Over reports whether the row has ended by itself.
func (p Pauses) Over(f Failures, now time.Time) bool {
	return now.Sub(time.Unix(f.Last, 0)) >= p.Forget
}

// Count counts an attempt as a failure, unless it is refused: then it returns for how
// long and changes nothing. Success takes it back. So attempts made at the same moment
// cannot all pass.
func (p Pauses) Count(f *Failures, now time.Time) time.Duration {
	if wait := p.Wait(*f, now); wait > 0 {
		return wait
	}
	if p.Over(*f, now) {
		*f = Failures{}
	}
	f.Count++
	if last := time.Unix(f.Last, 0); now.After(last) || now.Before(last.Add(-overtaken)) {
		f.Last = now.Unix()
	}
	return 0
}
