package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/internal/strictjson"
)

// lineMost is the most bytes of one line of an import, and batchBytes of the lines
// that one request carries: the server reads a megabyte. A batch goes over by one
// line at most.
const (
	lineMost   = 64 << 10
	batchBytes = 512 << 10
)

// inputLine is one line of an import. fault, if not empty, says why its text is not
// worth sending.
type inputLine struct {
	number int
	text   []byte
	fault  string
}

// lineReader reads JSON lines of any file in memory that does not grow with it.
type lineReader struct {
	r      *bufio.Reader
	number int
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, lineMost+2)}
}

// next returns the next line that is not blank, or io.EOF.
func (l *lineReader) next() (inputLine, error) {
	for {
		text, err := l.r.ReadSlice('\n')
		if len(text) == 0 && err != nil {
			return inputLine{}, err
		}
		l.number++
		line := inputLine{number: l.number}
		if errors.Is(err, bufio.ErrBufferFull) || len(bytes.TrimRight(text, "\r\n")) > lineMost {
			line.fault = fmt.Sprintf("the line is longer than %d bytes", lineMost)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = l.r.ReadSlice('\n')
			}
			return line, unlessEOF(err)
		}
		if err = unlessEOF(err); err != nil {
			return inputLine{}, err
		}
		if l.number == 1 {
			text = textutil.WithoutMark(text)
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		switch line.text = bytes.Clone(text); {
		case !utf8.Valid(text):
			line.fault = "the line is not UTF-8"
		case !json.Valid(text):
			line.fault = "the line is not JSON"
		default:
			if err := strictjson.Check(text); err != nil {
				line.fault = "the line cannot be taken: " + err.Error()
			}
		}
		return line, nil
	}
}

// unlessEOF passes over the end of a file that its last line ran into: the next
// read meets it again.
func unlessEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// batch returns up to most lines that are together worth one request; none at the
// end.
func (l *lineReader) batch(most int) (lines []inputLine, err error) {
	for size := 0; len(lines) < most && size < batchBytes; {
		line, err := l.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the file cannot be read: %w", textutil.FileReason(err))
		}
		size += len(line.text)
		lines = append(lines, line)
	}
	return lines, nil
}

// open opens a file to read, or standard input for "-".
func (t *terminal) open(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(t.stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", textutil.FileReason(err))
	}
	return f, nil
}
