// Package addrtest owns the addresses on this machine that tests have other programs
// listen on.
//
// It does not listen there itself. Nothing but tests imports it.
package addrtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Ports below those that systems give out by themselves (from 32768 on Linux, from
// 49152 elsewhere). One that a listener had for a moment could be given to anybody,
// a test of another package above all, before the program that it is meant for takes
// it; one from here can only be drawn again.
const (
	first = 10_000
	last  = 32_767
)

// Find returns host and a port at which nobody listens now.
func Find(host string) (string, error) {
	var err error
	for range 100 {
		address := net.JoinHostPort(host, strconv.Itoa(first+rand.IntN(last-first+1)))
		var l net.Listener
		if l, err = net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", fmt.Errorf("no port of %s is free: %w", host, err)
}

// Address is Find for a test, which fails without one.
func Address(t testing.TB, host string) string {
	t.Helper()
	address, err := Find(host)
	if err != nil {
		t.Fatal(err)
	}
	return address
}
