package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"latchkey/cmd/latchkey/internal/socket"
	"latchkey/keys"
)

// files checks who may get at the data and the master key.
func (d *doctor) files() []finding {
	dir := d.config.DataDir
	if err := socket.CheckOwner(dir); err != nil {
		return []finding{fail("data directory", "run doctor as the data's owner", "%v", err)}
	}
	if err := lostData(d.config); err != nil {
		return []finding{fail("data file", "do one or the other before the next start", "%v", err)}
	}
	if missing(dir) {
		return []finding{warn("data directory", "run latchkey serve, or correct data_dir", "there is no data in %s yet (data_dir from %s)", dir, d.config.source("data_dir"))}
	}
	return []finding{
		d.private("data directory", dir, 0o700), d.private("data file", filepath.Join(dir, dataFile), 0o600), d.masterKey(),
	}
}

func (d *doctor) private(check, path string, want fs.FileMode) finding {
	info, err := os.Stat(path)
	if err != nil {
		return fail(check, "see to it that this user can read it", "%v", reason(err))
	}
	if mode := info.Mode().Perm(); mode&^want != 0 {
		return warn(check, "chmod "+oct(want)+" "+path, "%s has mode %s: others on this machine can get at it", path, oct(mode))
	}
	return ok(check, "%s is its owner's alone", path)
}

func oct(mode fs.FileMode) string {
	return string([]byte{'0', '0' + byte(mode>>6&7), '0' + byte(mode>>3&7), '0' + byte(mode&7)})
}

// masterKey reads the master key as serve would. It never shows any of it.
func (d *doctor) masterKey() finding {
	const check = "master key"
	c, path := d.config, filepath.Join(d.config.DataDir, masterFile)
	var err error
	switch {
	case c.MasterKey != "":
		return ok(check, "given by %s", c.source("master_key"))
	case c.MasterKeyFile != "":
		path = c.MasterKeyFile
		_, err = keys.LoadNamedMaster(path)
	default:
		_, err = keys.LoadMaster(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fail(check, "restore it from its backup, or name it in master_key_file", "%s is missing, and the data cannot be read without it", path)
	}
	if err != nil {
		return fail(check, "mend that before the next start", "%v", err)
	}
	return ok(check, "%s can be read, and by no stranger", path)
}

// leeway is how far clocks may disagree. Apps check the times in ID tokens, and
// most allow a minute or two.
const leeway = time.Minute

const setClock = "set the clock, and keep it by NTP"

// clock compares the clock with what must lie in the past.
func (d *doctor) clock() finding {
	const check = "clock"
	now := d.now()
	if built := builtAt(); now.Before(built) {
		return fail(check, setClock, "it says %s, before this program was made", clock(now))
	}
	if wrote := wroteLater(d.config, now); !wrote.IsZero() {
		return fail(check, setClock, "it says %s, before the data was last written (%s)", clock(now), clock(wrote))
	}
	return ok(check, "it says %s", clock(now))
}

// wroteLater is when the data was last written, if the clock says that this is yet to
// come: it is wrong, or was. Zero: it is not. Ask before opening the data, which
// writes.
func wroteLater(c *Config, now time.Time) time.Time {
	if info, err := os.Stat(dataPath(c)); err == nil && info.ModTime().After(now.Add(leeway)) {
		return info.ModTime()
	}
	return time.Time{}
}

// Space that is little, in bytes: a backup or a compaction needs as much as the
// data file, and a full disk stops the server.
const (
	spaceLow  = 1 << 30
	spaceNone = 100 << 20
)

func (d *doctor) disk() finding {
	const check = "disk"
	dir := d.config.DataDir
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Dir(dir)
	}
	free, err := freeSpace(dir)
	if err != nil {
		return warn(check, "look at it yourself", "free space beside %s cannot be told: %v", dir, err)
	}
	low := int64(spaceLow)
	if info, err := os.Stat(filepath.Join(dir, dataFile)); err == nil {
		low = max(low, info.Size())
	}
	switch {
	case free < spaceNone:
		return fail(check, "make room: once it is full the server stops", "%d MiB are free beside %s", free>>20, dir)
	case free < low:
		return warn(check, "make room: a backup takes as much as the data", "%d MiB are free beside %s", free>>20, dir)
	}
	return ok(check, "%d MiB are free beside %s", free>>20, dir)
}
