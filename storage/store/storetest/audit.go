package storetest

import (
	"reflect"
	"time"

	"latchkey/storage/audit"
)

// LastChanges are those of the newest event, which must be of that act.
func (h *House) LastChanges(act audit.Act) []audit.FieldChange {
	h.T.Helper()
	events, _, err := h.Audit.List(h.Ctx, nil, 1)
	h.Ok(err)
	h.Clock.Add(time.Second) // events of one instant are in no order
	if events[0].Act != act {
		h.T.Fatalf("the newest event is %+v", events[0])
	}
	return events[0].Changes
}

func (h *House) ChangedTo(act audit.Act, want ...audit.FieldChange) {
	h.T.Helper()
	if got := h.LastChanges(act); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		h.T.Fatalf("got  %+v\nwant %+v", got, want)
	}
}
