package bolt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/storage/kv"
)

// childFile names the variable that makes the test binary a process that
// writes to the data file named by it, and prints each key once its Update has
// returned, until it is killed.
const childFile = "LATCHKEY_TEST_CHILD_FILE"

func child(path string) {
	e, err := Open(path, Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var out sync.Mutex
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%d/%d", i, n)
				if err := write(context.Background(), e, key, strings.Repeat(key, 50)); err != nil {
					return
				}
				out.Lock()
				_, err := fmt.Println(key)
				out.Unlock()
				if err != nil {
					return // the parent is gone
				}
			}
		})
	}
	writers.Wait()
}

// startChild returns a process that writes and its output.
func startChild(t *testing.T, path string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, bufio.NewReader(out)
}

func TestAKilledProcessLosesNothingItAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	acknowledged := map[string]bool{}
	for round := range 3 {
		cmd, out := startChild(t, path)
		for lines := 0; ; lines++ {
			line, err := out.ReadString('\n')
			if errors.Is(err, io.EOF) {
				break // with what was printed before the kill
			}
			must(t, err)
			acknowledged[strings.TrimSpace(line)] = true
			if lines == 200*(round+1) {
				must(t, cmd.Process.Kill())
			}
		}
		cmd.Wait()
	}
	e := openAt(t, path)
	if !e.scattered {
		t.Error("the file was taken for one that was closed")
	}
	all := readAll(t, e)
	for key := range acknowledged {
		if all[key] != strings.Repeat(key, 50) {
			t.Fatalf("%q was acknowledged and is %q", key, all[key])
		}
	}
	if len(acknowledged) < 400 {
		t.Errorf("only %d writes were acknowledged", len(acknowledged))
	}
}

func TestAFileHeldByAnotherProcessIsRefusedWithinASecondNamingIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	cmd, out := startChild(t, path)
	_, err := out.ReadString('\n')
	must(t, err)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now() // of the bubble: only waiting counts
		_, err := Open(path, Options{})
		var held *kv.LockedError
		if !errors.As(err, &held) || !errors.Is(err, kv.ErrLocked) {
			t.Fatalf("answered %v, want a LockedError", err)
		}
		if waited := time.Since(start); waited < 400*time.Millisecond || waited >= time.Second {
			t.Errorf("waited %v", waited)
		}
		if !contains(err.Error(), path) {
			t.Errorf("%q does not name the file", err)
		}
		// The kernel shows its locks to most processes, not to all.
		if locks, _ := os.ReadFile("/proc/locks"); len(locks) > 0 {
			if held.PID != cmd.Process.Pid ||
				!contains(err.Error(), strconv.Itoa(held.PID), filepath.Base(os.Args[0])) {
				t.Errorf("%q does not name process %d", err, cmd.Process.Pid)
			}
		}
	})
}

func TestAFileLetGoInTimeIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	first := openAt(t, path)
	must(t, write(t.Context(), first, "a", "1"))
	synctest.Test(t, func(t *testing.T) {
		go func() {
			time.Sleep(300 * time.Millisecond)
			first.Close()
		}()
		second, err := Open(path, Options{})
		must(t, err)
		if all := readAll(t, second); all["a"] != "1" {
			t.Errorf("the file holds %q", all)
		}
		must(t, second.Close())
	})
}
