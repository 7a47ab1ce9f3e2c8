package kv

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
)

// Nesting finds a transaction begun within another on the same goroutine. It
// costs some microseconds a call, because Go tells a goroutine's number only in
// a stack trace: it is for engines and wrappers that serve tests.
type Nesting struct{ inside sync.Map }

// Enter notes that the calling goroutine begins a transaction, and returns
// ErrNested if it is within one already. The caller defers leave.
func (n *Nesting) Enter() (leave func(), err error) {
	id := goroutine()
	if _, nested := n.inside.LoadOrStore(id, struct{}{}); nested {
		return nil, ErrNested
	}
	return func() { n.inside.Delete(id) }, nil
}

// goroutine reads the number from the trace's first line, "goroutine 7 [".
func goroutine() uint64 {
	var trace [64]byte
	line := trace[:runtime.Stack(trace[:], false)]
	line = bytes.TrimPrefix(line, []byte("goroutine "))
	number, _, _ := bytes.Cut(line, []byte(" "))
	id, err := strconv.ParseUint(string(number), 10, 64)
	if err != nil {
		panic("a stack trace no longer begins with the goroutine's number: " + err.Error())
	}
	return id
}
