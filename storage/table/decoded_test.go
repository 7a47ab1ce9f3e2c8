package table

import (
	"encoding/binary"
	"sync"
	"testing"
)

// use reads a record by the cache as tables do, and reports whether it had to be decoded.
func (d *Decoded[int]) use(i uint32, made int) bool {
	k := binary.BigEndian.AppendUint32(nil, i)
	if d.get(k, k) != nil {
		return false
	}
	d.add(k, k, &made)
	return true
}

// A busy day brings a few more users than are kept: they are not to pay for each other.
func TestACacheThatOverflowsKeepsMostOfWhatIsInUse(t *testing.T) {
	d := &Decoded[int]{}
	missed := 0
	for round := range 10 {
		for i := range uint32(maxDecoded + maxDecoded/4) {
			if d.use(i, 0) && round > 0 {
				missed++
			}
			if d.use(1_000_000, 0) && round > 0 {
				t.Fatal("what is used all the time was forgotten")
			}
		}
	}
	if all := 9 * (maxDecoded + maxDecoded/4); missed > all/3 {
		t.Errorf("%d of %d had to be decoded", missed, all)
	}
}

func TestACacheIsBounded(t *testing.T) {
	d := &Decoded[int]{}
	var running sync.WaitGroup
	for worker := range uint32(4) {
		running.Go(func() {
			for i := range uint32(3 * maxDecoded) {
				d.use(worker<<24|i, 0)
				d.use(worker<<24|i/2, 0)
			}
		})
	}
	running.Wait()
	if len(d.young) > maxDecoded || len(d.old) > maxDecoded {
		t.Errorf("%d and %d are kept", len(d.young), len(d.old))
	}
}

func TestACacheAnswersForTheSameBytesOnly(t *testing.T) {
	d := &Decoded[int]{}
	one, two := 1, 2
	d.add([]byte("k"), []byte("1"), &one)
	for i := range uint32(maxDecoded) {
		d.use(i, 0)
	}
	if got := d.get([]byte("k"), []byte("2")); got != nil {
		t.Errorf("of other bytes: %d", *got)
	}
	d.add([]byte("k"), []byte("2"), &two)
	if got := d.get([]byte("k"), []byte("1")); got != nil {
		t.Errorf("the old generation answers for what is replaced: %d", *got)
	}
	if got := d.get([]byte("k"), []byte("2")); got != &two {
		t.Error("what was kept last is not there")
	}
}
