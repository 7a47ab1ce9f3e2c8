package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"latchkey/cmd/latchkey/internal/config"
)

const (
	OpenWait = 200 * time.Millisecond
)

// CheckPresent returns an error if there is no data file, or an empty one.
func CheckPresent(c *config.Config) error {
	if err := CheckLost(c); err != nil || !Missing(c.DataDir) {
		return err
	}
	return fmt.Errorf("there is no data in %s (data_dir from %s): run latchkey serve first, or name the right directory", c.DataDir, c.Source("data_dir"))
}

func Missing(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, File))
	return errors.Is(err, fs.ErrNotExist)
}
