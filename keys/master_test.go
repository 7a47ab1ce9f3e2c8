package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestMasterTextIsReadBack(t *testing.T) {
	m := newMaster()
	for _, text := range []string{m.text(), " " + m.text() + "\r\n"} {
		got, err := ParseMaster(text)
		if err != nil || *got.key != *m.key {
			t.Errorf("read back %v, %v", got, err)
		}
	}
}

func TestMasterTextHasOneForm(t *testing.T) {
	good := strings.Repeat("A", 43)
	if _, err := ParseMaster(good); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "short": good[1:], "long": good + "A", "padded": good + "=",
		"bits beyond the end": good[1:] + "B", "line break inside": good[:20] + "\n" + good[20:],
		"standard alphabet": "+/" + good[2:],
	} {
		if m, err := ParseMaster(text); !errors.Is(err, ErrMaster) || m.key != nil {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
}

func TestMasterIsNeverPrinted(t *testing.T) {
	m := newMaster()
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "master", m, "options", Options{Master: m})
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "master", m, "options", Options{Master: m})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		fmt.Fprintf(&out, verb+verb, m, Options{Master: m})
	}
	//lint:ignore SA9005 that nothing of it is written is what is tested
	encoded, _ := json.Marshal(m)
	out.Write(encoded)
	for _, form := range []string{m.text(), string(m.key[:]), fmt.Sprintf("%x", m.key[:4]),
		fmt.Sprintf("%d, %d", m.key[0], m.key[1]), fmt.Sprintf("%d %d", m.key[0], m.key[1])} {
		if strings.Contains(out.String(), form) {
			t.Fatalf("the key shows in %q", out.String())
		}
	}
}

func TestRefusedMasterTextIsNotRepeated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	secret := strings.Repeat("s3cr3t", 8)
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadMaster(path)
	if err == nil || strings.Contains(err.Error(), "s3cr3t") || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}

func TestMasterFileIsReadOnlyFromSafeModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := CreateMaster(path); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode       fs.FileMode
		own, named bool
	}{
		{0o600, true, true}, {0o400, true, true},
		{0o640, false, true}, {0o440, false, true},
		{0o660, false, false}, {0o620, false, false},
		{0o644, false, false}, {0o604, false, false}, {0o606, false, false}, {0o666, false, false},
	} {
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadMaster(path); (err == nil) != c.own {
			t.Errorf("own file of mode %o: %v", c.mode, err)
		} else if err != nil && !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("the error does not say what to do: %v", err)
		}
		if _, err := LoadNamedMaster(path); (err == nil) != c.named {
			t.Errorf("named file of mode %o: %v", c.mode, err)
		} else if err != nil && !strings.Contains(err.Error(), "0440") {
			t.Errorf("the error does not say what to do: %v", err)
		}
	}
}

func TestMasterFileThatIsNoneIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadMaster(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) ||
		!errors.Is(err, ErrMaster) {
		t.Errorf("absent: %v", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadMaster(dir); !errors.Is(err, ErrMaster) {
		t.Errorf("directory: %v", err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadMaster(empty); !errors.Is(err, ErrMaster) || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("empty: %v", err)
	}
}

func TestCreatedMasterIsReadBackAndNeverOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	var mu sync.Mutex
	var made []Master
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			m, err := CreateMaster(path)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made = append(made, m)
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Fatalf("%d of 8 made the key", len(made))
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got, err := LoadMaster(path); err != nil || *got.key != *made[0].key {
		t.Errorf("read back %v, %v", got, err)
	}
}

func TestMasterIsNotMadeWhereItCannotBeKept(t *testing.T) {
	if m, err := CreateMaster(filepath.Join(t.TempDir(), "absent", "key")); !errors.Is(err, ErrMaster) || m.key != nil {
		t.Errorf("%v, %v", m, err)
	}
}

func TestWrappedKeysOpenAsWhatTheyAreOnly(t *testing.T) {
	m := testMaster(1)
	wrapped := m.wrap(&counter{}, "label", 7, []byte("key"))
	if got, err := m.unwrap("label", 7, wrapped); err != nil || string(got) != "key" {
		t.Fatal(got, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"other label":  func() ([]byte, error) { return m.unwrap("labels", 7, wrapped) },
		"other id":     func() ([]byte, error) { return m.unwrap("label", 8, wrapped) },
		"other master": func() ([]byte, error) { return testMaster(2).unwrap("label", 7, wrapped) },
		"short":        func() ([]byte, error) { return m.unwrap("label", 7, wrapped[:10]) },
		"cut":          func() ([]byte, error) { return m.unwrap("label", 7, wrapped[:len(wrapped)-1]) },
	} {
		if got, err := open(); !errors.Is(err, ErrSeal) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func FuzzParseMaster(f *testing.F) {
	f.Add(newMaster().text())
	f.Add("")
	f.Add(strings.Repeat("A", 42) + "B")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := ParseMaster(text); err == nil && m.text() != strings.TrimSpace(text) {
			t.Errorf("%q is another way to write %q", text, m.text())
		}
	})
}
