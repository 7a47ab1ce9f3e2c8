package server

import (
	"strconv"
	"strings"
	"time"

	"latchkey/storage/backup"
)

// newSchedule is the configured one; nil: none is.
func (h *Server) newSchedule() *backup.Schedule {
	c := h.Config
	if c.BackupDirectory == "" {
		return nil
	}
	every, _ := time.ParseDuration(c.BackupEvery) // checked by Validate
	keep, _ := strconv.Atoi(c.BackupKeep)
	return &backup.Schedule{Directory: c.BackupDirectory, Name: fileName(c.Issuer), Every: every, Keep: keep,
		Source: h.Engine, Keys: h.TryKeys}
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
