package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// directives reads a unit file: section and name, with all values given.
func directives(t *testing.T, path string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, section := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]") + "."
		case ok:
			found[section+name] = append(found[section+name], value)
		default:
			t.Errorf("%s: %q is neither a section nor a directive", path, line)
		}
	}
	return found
}

func TestTheUnitConfinesTheServer(t *testing.T) {
	unit := directives(t, "latchkey.service")
	for name, want := range map[string]string{
		"User": "latchkey", "StateDirectory": "latchkey", "StateDirectoryMode": "0700", "UMask": "0077",
		"NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "ProtectSystem": "strict", "ProtectHome": "yes",
		"PrivateTmp": "yes", "PrivateDevices": "yes", "MemoryDenyWriteExecute": "yes", "RestrictNamespaces": "yes",
		"SystemCallErrorNumber":    "EPERM",   // without it Go would be killed raising its file limit
		"StandardOutput":           "null",    // the set-up link is no matter for a journal
		"StandardError":            "journal", // else the log would go where standard output goes
		"MemoryMax":                "2G",      // else the machine ends with it
		"Type":                     "notify",
		"WatchdogSec":              "1min",    // nobody restarts it by hand after a full disk
		"WatchdogSignal":           "SIGTERM", // else a stop like any other would be a dump of stacks
		"Restart":                  "on-failure",
		"RestartPreventExitStatus": "78",
	} {
		if got := unit["Service."+name]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	if user, err := os.ReadFile("sysusers.conf"); err != nil || !strings.Contains(string(user), "\nu latchkey ") {
		t.Errorf("the unit's user is not made: %v", err)
	}
}

// What the unit starts is understood by the program, and its configuration is
// valid and keeps the data where systemd makes room for it.
func TestTheUnitsCommandIsUnderstood(t *testing.T) {
	unit := directives(t, "latchkey.service")
	command := strings.Fields(unit["Service.ExecStart"][0])
	if out, err := exec.Command(binary, append(command[1:], "--help")...).CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", command, err, out)
	}
	config, err := os.ReadFile("config.yaml")
	if err != nil || !strings.Contains(string(config), "\ndata_dir: /var/lib/"+unit["Service.StateDirectory"][0]+"\n") {
		t.Errorf("data is not kept in the unit's StateDirectory: %v", err)
	}
	writable := strings.TrimPrefix(unit["Service.ReadWritePaths"][0], "-")
	if !strings.Contains(string(config), "\nbackup:\n  directory: "+writable+"\n") {
		t.Errorf("backups are not kept where the unit lets them be written: %s", writable)
	}
	cmd := exec.Command(binary, "user", "list", "--config", "config.yaml")
	cmd.Env = []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "none")}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "there is no data in") {
		t.Errorf("config.yaml: %v: %s", err, out)
	}
}

// What the unit does not try again is what the program says of a configuration that
// it does not understand, and of that alone.
func TestTheUnitGivesUpOnlyForItsConfiguration(t *testing.T) {
	never := directives(t, "latchkey.service")["Service.RestartPreventExitStatus"][0]
	data := filepath.Join(t.TempDir(), "data")
	for env, given := range map[string]bool{"LATCHKEY_LOG_LEVEL=loud": true, "LATCHKEY_MASTER_KEY_FILE=/nowhere": false} {
		cmd := exec.Command(binary, "serve")
		cmd.Env = []string{"LATCHKEY_DATA_DIR=" + data, env}
		out, err := cmd.CombinedOutput()
		if err == nil || given != (strconv.Itoa(cmd.ProcessState.ExitCode()) == never) {
			t.Errorf("%s: %v\n%s", env, err, out)
		}
	}
}

// systemd's own judgement.
func TestSystemdAcceptsTheUnit(t *testing.T) {
	analyze := installed(t, "systemd-analyze", "systemd")
	text, err := os.ReadFile("latchkey.service")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "latchkey.service")
	here := strings.ReplaceAll(string(text), "/usr/local/bin/latchkey", binary) // verify wants it to exist
	if err := os.WriteFile(path, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("verify: %v\n%s", err, out)
	}
	// In tenths: unconfined is 96, and below 20 systemd says OK.
	if out, err := exec.Command(analyze, "security", "--offline=true", "--threshold=19", path).CombinedOutput(); err != nil {
		t.Errorf("security: %v\n%s", err, out)
	}
}
