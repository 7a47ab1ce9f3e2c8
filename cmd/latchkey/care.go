package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"latchkey/api/wire"
	"latchkey/keys"
	"latchkey/storage/backup"
	"latchkey/storage/store"
)

// tries returns the function that tries a master key on stored data.
func tries(master keys.Master) backup.Keys {
	return func(ctx context.Context, s *store.Store) error { return keys.Check(ctx, s.Keys, master) }
}

// presentKeys is tries for verbs that make no master key: it must be there already.
func presentKeys(c *Config) (backup.Keys, error) {
	master, err := readMaster(c)
	if errors.Is(err, fs.ErrNotExist) && c.MasterKeyFile == "" {
		return nil, fmt.Errorf("%s is missing, and without the master key nothing can be read: put it there, or set master_key or master_key_file", filepath.Join(c.DataDir, masterFile))
	}
	if err != nil {
		return nil, err
	}
	return tries(master), nil
}

// newSchedule is the configured one; nil: none is.
func (h *house) newSchedule() *backup.Schedule {
	c := h.config
	if c.BackupDirectory == "" {
		return nil
	}
	every, _ := time.ParseDuration(c.BackupEvery) // checked by Validate
	keep, _ := strconv.Atoi(c.BackupKeep)
	return &backup.Schedule{Directory: c.BackupDirectory, Name: fileName(c.Issuer), Every: every, Keep: keep,
		Source: h.engine, Keys: h.tryKeys}
}

// fileName is an issuer's host and port as part of a file's name.
func fileName(issuer string) string {
	_, host, _ := strings.Cut(issuer, "://")
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-", r) {
			return r
		}
		return '_'
	}, host)
}

// sayFaults lists what is wrong with the data.
func (t *terminal) sayFaults(faults []wire.Fault) {
	for _, f := range faults {
		t.say("  %s %s: %s", f.Table, f.Key, f.What)
	}
}

// number is a count with its noun.
func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// size is a number of bytes as a person reads it.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d bytes", n)
	}
	v, names := float64(n)/unit, []string{"KiB", "MiB", "GiB", "TiB"}
	for len(names) > 1 && v >= unit {
		v, names = v/unit, names[1:]
	}
	return fmt.Sprintf("%.1f %s", v, names[0])
}
