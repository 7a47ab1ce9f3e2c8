package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// program is how the operator runs this program: what pages and the terminal show before
// a verb must work as it is shown.
func (t *terminal) program() string {
	name := programName(os.Executable, exec.LookPath)
	if t.configPath != "" {
		name += " --config " + t.configPath
	}
	return name
}

// programName is latchkey where that is what the shell finds, "go run" where go built the
// program for one run only, and otherwise the path of the program.
func programName(self func() (string, error), find func(string) (string, error)) string {
	path, err := self()
	if err != nil {
		return "latchkey"
	}
	if found, err := find("latchkey"); err == nil && sameFile(found, path) {
		return "latchkey"
	}
	if strings.Contains(path, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/latchkey"
	}
	return path
}

func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
