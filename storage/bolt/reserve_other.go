//go:build !linux

package bolt

import (
	"errors"
	"os"
)

// allocate cannot reserve here.
func allocate(*os.File, int64) error { return errors.ErrUnsupported }
