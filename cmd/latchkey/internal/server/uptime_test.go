package server

import (
	"testing"
)

func TestUptimeGoesForwardOnly(t *testing.T) {
	uptime := uptimes()
	before := uptime()
	after := uptime()
	if before.Awake < 0 || before.Asleep < 0 || after.Awake < before.Awake {
		t.Errorf("%+v, then %+v", before, after)
	}
}
