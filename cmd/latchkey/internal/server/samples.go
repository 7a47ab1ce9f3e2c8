package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
)

// sampleMargin is how long after a sample's end its client is deleted by the server.
// The sample deletes it itself, unless it was killed.
const sampleMargin = time.Minute

// sampleID is the client id of a sample. It says when the sample ends (Unix time, in
// seconds), so that the record needs no field for it.
var sampleID = regexp.MustCompile(`^latchkey-try-([0-9]{1,18})-[0-9A-Z]{26}$`)

func NewSampleID(ends time.Time) string {
	return fmt.Sprintf("latchkey-try-%d-%s", ends.Unix(), rand.Text())
}

// deleteSamples deletes the clients of samples that have ended. A sample that is
// killed leaves its client behind, which must not stay approved.
func deleteSamples(ctx context.Context, clients apps.Clients, now time.Time) error {
	var after []byte
	for {
		page, next, err := clients.List(ctx, after, 100)
		if err != nil {
			return err
		}
		for _, c := range page {
			id := sampleID.FindStringSubmatch(c.ID)
			if id == nil {
				continue
			}
			ends, err := strconv.ParseInt(id[1], 10, 64)
			if err != nil || now.Before(time.Unix(ends, 0).Add(sampleMargin)) {
				continue
			}
			if err := clients.Delete(ctx, storage.Operator, c.ID); err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
		}
		if next == nil {
			return nil
		}
		after = next
	}
}
