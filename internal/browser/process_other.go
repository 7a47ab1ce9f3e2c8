//go:build !linux

package browser

import "os/exec"

// group does nothing here: the browser is ended by its own process alone.
type group struct{}

func (*group) own(*exec.Cmd) {}
func (*group) kill()         {}
