package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage/table"
)

// imported is what became of one line.
type imported struct {
	Line   int           `json:"line"`
	Name   string        `json:"username,omitempty"`
	Client string        `json:"client_id,omitempty"`
	Sub    string        `json:"sub,omitempty"`
	Result table.Outcome `json:"result"`
	Reason string        `json:"reason,omitempty"`
	Note   string        `json:"note,omitempty"`
}

// importLines sends a file's lines, batch by batch, and reports on each as soon as
// it is known. send gets the lines worth sending, at most so many, and
// answers in their order.
func (t *terminal) importLines(ctx context.Context, path string, most int, create bool,
	send func(*connection, []json.RawMessage) ([]imported, error)) error {
	file, err := t.open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	count := map[table.Outcome]int{}
	err = t.with(ctx, create, func(conn *connection) error {
		err := t.importAll(conn, newLineReader(file), most, !create, send, count)
		if !t.json {
			summary := "%d created, %d changed, %d unchanged, %d refused."
			if !create {
				summary = "Nothing was changed: %d would be created, %d changed, %d unchanged, %d refused."
			}
			t.say(summary, count[table.Created], count[table.Changed], count[table.Unchanged], count[table.Refused])
		}
		return err
	})
	if n := count[table.Refused]; n > 0 {
		err = errors.Join(err, fmt.Errorf("%d of the lines %s refused", n, wasWere(n)))
	}
	return err
}

func (t *terminal) importAll(conn *connection, lines *lineReader, most int, dry bool,
	send func(*connection, []json.RawMessage) ([]imported, error), count map[table.Outcome]int) error {
	for {
		batch, err := lines.batch(most)
		if err != nil || len(batch) == 0 {
			return err
		}
		if err := t.importBatch(conn, batch, dry, send, count); err != nil {
			return err
		}
	}
}

func (t *terminal) importBatch(conn *connection, batch []inputLine, dry bool,
	send func(*connection, []json.RawMessage) ([]imported, error), count map[table.Outcome]int) error {
	var texts []json.RawMessage
	for _, line := range batch {
		if line.fault == "" {
			texts = append(texts, line.text)
		}
	}
	var answers []imported
	if len(texts) > 0 {
		var err error
		if answers, err = send(conn, texts); err != nil {
			return fmt.Errorf("at line %d to %d: %w", batch[0].number, batch[len(batch)-1].number, err)
		}
		if len(answers) != len(texts) {
			return fmt.Errorf("at line %d: the answer is not what this version expects", batch[0].number)
		}
	}
	for _, line := range batch {
		answer := imported{Result: table.Refused, Reason: line.fault}
		if line.fault == "" {
			answer, answers = answers[0], answers[1:]
		}
		answer.Line = line.number
		count[answer.Result]++
		if err := t.tellImported(answer, dry); err != nil {
			return err
		}
	}
	return nil
}

// tellImported writes one line of the report: for programs a JSON object a line.
func (t *terminal) tellImported(a imported, dry bool) error {
	if t.json {
		e := json.NewEncoder(t.stdout)
		e.SetEscapeHTML(false)
		return e.Encode(a)
	}
	name := a.Name + a.Client
	if name == "" {
		name = "?"
	}
	result := string(a.Result)
	if dry && (a.Result == table.Created || a.Result == table.Changed) {
		result = "would be " + result
	}
	text := fmt.Sprintf("line %d: %s: %s", a.Line, name, result)
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	if a.Note != "" {
		text += "; " + a.Note
	}
	_, err := fmt.Fprintln(t.stdout, textutil.Printable(text))
	return err
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
