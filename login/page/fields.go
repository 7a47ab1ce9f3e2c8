package page

// Field names an input; it is its id and its form name.
type Field string

// The inputs of the forms.
const (
	FieldUsername Field = "username"
	FieldEmail    Field = "email"
	FieldPassword Field = "password"

	FieldCurrentPassword Field = "current-password"
	FieldNewPassword     Field = "new-password"
)

// FieldError is one thing to mend.
type FieldError struct {
	Field Field
	Text  Text
}

// FieldErrors are what kept a form from being accepted, in the order of its
// inputs. A page that has some belongs to status 422.
type FieldErrors []FieldError

// Add notes what is wrong with a field:
//
//	errs.Add(page.FieldPassword, page.PasswordShort, 12)
func (e *FieldErrors) Add(f Field, k Key, args ...any) {
	*e = append(*e, FieldError{f, Say(k, args...)})
}

// On returns the first error of a field, or nil.
func (e FieldErrors) On(f Field) *Text {
	for i := range e {
		if e[i].Field == f {
			return &e[i].Text
		}
	}
	return nil
}

// input describes an input to the template "field". What it is called and how a
// browser may help with it never changes; value and error do.
type input struct {
	ID           Field
	Type         string
	Label, Hint  Text
	Autocomplete string
	Optional     bool
	Verbatim     bool // no capital letters, no spelling help
	Focus        bool // where typing begins
	Value        string
	Error        *Text
	Invalid      bool // wrong without a sentence of its own
	Alert        bool // Error is all that the page says of it, and is read out at once
	Wait         int  // seconds, counted down below Error; 0: there is nothing to wait for
}

// with fills in what this request brought. A password is never given back.
func (i input) with(value string, errs FieldErrors) input {
	if i.Type != "password" {
		i.Value = value
	}
	i.Error = errs.On(i.ID)
	i.Invalid = i.Error != nil
	return i
}

// DescribedBy lists the ids of the sentences that belong to the input.
func (i input) DescribedBy() string {
	var ids string
	if !i.Hint.IsZero() {
		ids = string(i.ID) + "-hint"
	}
	if i.Error != nil {
		if ids != "" {
			ids += " "
		}
		ids += string(i.ID) + "-error"
	}
	return ids
}

func newUsername() input {
	return input{ID: FieldUsername, Type: "text", Label: Say("field.username"), Hint: Say("field.username.hint"),
		Autocomplete: "username", Verbatim: true}
}

func newPassword(id Field, label Key, minimum int) input {
	return input{ID: id, Type: "password", Label: Say(label),
		Hint: Say("field.password.rules", minimum), Autocomplete: "new-password"}
}
