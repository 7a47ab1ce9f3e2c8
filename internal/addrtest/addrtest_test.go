package addrtest_test

import (
	"net"
	"strconv"
	"testing"

	"latchkey/internal/addrtest"
)

func TestAnAddressIsFreeAndNoneThatTheSystemGivesOut(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "localhost"} {
		address := addrtest.Address(t, host)
		got, port, err := net.SplitHostPort(address)
		if n, _ := strconv.Atoi(port); err != nil || got != host || n < 10_000 || n >= 32_768 {
			t.Errorf("%s, %v", address, err)
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := addrtest.Find("203.0.113.1"); err == nil {
		t.Error("an address of another machine was found")
	}
}
