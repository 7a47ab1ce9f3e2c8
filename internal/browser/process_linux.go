package browser

import (
	"os/exec"
	"sync"
	"syscall"
)

// group is the process group of one browser, so that its helpers end with it.
type group struct {
	mu  sync.Mutex
	cmd *exec.Cmd
}

// own puts cmd at the head of a group of its own, and ties its life to ours.
func (g *group) own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	g.mu.Lock()
	g.cmd = cmd
	g.mu.Unlock()
}

// kill ends whatever is left of the group. A group that is gone is no error.
func (g *group) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cmd == nil || g.cmd.Process == nil {
		return
	}
	_ = syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL)
	g.cmd = nil
}
