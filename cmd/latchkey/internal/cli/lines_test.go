package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLinesThatCannotBeSentAreNamedAndTheOthersGoOn(t *testing.T) {
	longest := `"` + strings.Repeat("x", lineMost-2) + `"`
	text := "\ufeff{\"a\":1}\r\n\n  \n\xff\xfe\n{\n" + longest + "\r\n" + longest + " x\n" + strings.Repeat("y",
		3*lineMost) + "\n2"
	lines := newLineReader(strings.NewReader(text))
	var got []string
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %.7s %s", line.number, line.text, line.fault))
	}
	want := []string{`1 {"a":1} `, "4 \xff\xfe the line is not UTF-8", "5 { the line is not JSON", `6 "xxxxxx `,
		"7  the line is longer than 65536 bytes", "8  the line is longer than 65536 bytes", "9 2 "}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%q\nwant:\n%q", got, want)
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("{}\n\n[]"))
	f.Add([]byte("\xff\n\ufeff\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, last := newLineReader(strings.NewReader(string(text))), 0
		for {
			line, err := lines.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				return
			}
			if line.number <= last || line.fault == "" &&
				(!json.Valid(line.text) || !utf8.Valid(line.text) || len(line.text) > lineMost) {
				t.Errorf("%+v", line)
			}
			last = line.number
		}
	})
}

// userFile is a file of very many users that nobody keeps whole.
type userFile struct {
	most, at int
	rest     []byte
}

func (p *userFile) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.at == p.most {
			return 0, io.EOF
		}
		p.at++
		p.rest = fmt.Appendf(nil, "{\"username\":\"u%d\",\"padding\":\"%s\"}\n", p.at, strings.Repeat("x", 60<<10))
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	lines, most := newLineReader(&userFile{most: 3000}), uint64(0) // 180 MB
	for {
		batch, err := lines.batch(100)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch) == 0 {
			break
		}
		size := 0
		for _, line := range batch {
			size += len(line.text)
		}
		if size > batchBytes+lineMost {
			t.Fatalf("a batch of %d bytes", size)
		}
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		most = max(most, now.HeapInuse)
	}
	if most > 64<<20 {
		t.Errorf("%d MB in use", most>>20)
	}
}

func TestThousandsOfUsersAreImportedInBatches(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	var text strings.Builder
	for i := range 2050 {
		fmt.Fprintf(&text, `{"username":"user%d","email":"user%d@example.org","external_id":"%d","password_hash":"$2b$10$abcdefghijklmnopqrstuuCjx09BAQEaxUjVL2C8cOsZD1MO8gOf."}`+"\n", i, i, i)
	}
	var out, errs strings.Builder
	code := Run(t.Context(), []string{"user", "import", "-"}, strings.NewReader(text.String()), &out, &errs, env)
	if code != exitDone || !strings.HasSuffix(out.String(), "2050 created, 0 changed, 0 unchanged, 0 refused.\n") {
		t.Errorf("%d: %s", code, errs.String())
	}
}

// A batch stays under what the server reads, whatever its lines hold.
func TestLongestLinesFitIntoARequest(t *testing.T) {
	env := []string{"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data")}
	var text strings.Builder
	for i := range 30 {
		fmt.Fprintf(&text, `{"username":"user%d","name":"%s"}`+"\n", i, strings.Repeat("<", 60<<10))
	}
	var out, errs strings.Builder
	code := Run(t.Context(), []string{"user", "import", "-"}, strings.NewReader(text.String()), &out, &errs, env)
	if code != exitFailed || !strings.HasSuffix(out.String(), "0 created, 0 changed, 0 unchanged, 30 refused.\n") {
		t.Errorf("%d: %s", code, errs.String())
	}
}
