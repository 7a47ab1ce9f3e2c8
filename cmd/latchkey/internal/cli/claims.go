package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"latchkey/api/client"
	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/internal/strictjson"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// claimFlag sets one standard claim (OpenID Connect Core section 5.1). A member
// of the address claim is named "address.region".
type claimFlag struct {
	flag, claim, usage string
	truth              bool // true or false, rather than text
}

var claimFlags = []claimFlag{
	{flag: "name", claim: "name", usage: "full name"},
	{flag: "given-name", claim: "given_name", usage: "given name"},
	{flag: "family-name", claim: "family_name", usage: "family name"},
	{flag: "middle-name", claim: "middle_name", usage: "middle name"},
	{flag: "nickname", claim: "nickname", usage: "nickname"},
	{flag: "profile", claim: "profile", usage: "address of a profile page"},
	{flag: "picture", claim: "picture", usage: "address of a picture"},
	{flag: "website", claim: "website", usage: "address of a website"},
	{flag: "gender", claim: "gender", usage: "gender"},
	{flag: "birthdate", claim: "birthdate", usage: "birthdate, YYYY-MM-DD"},
	{flag: "zoneinfo", claim: "zoneinfo", usage: "time zone, like Europe/Paris"},
	{flag: "locale", claim: "locale", usage: "language, like en-GB"},
	{flag: "phone-number", claim: "phone_number", usage: "phone number"},
	{flag: "phone-number-verified", claim: "phone_number_verified", usage: "the phone number is known to be theirs",
		truth: true},
	{flag: "address", claim: "address.formatted", usage: "whole postal address"},
	{flag: "street-address", claim: "address.street_address", usage: "street and number"},
	{flag: "locality", claim: "address.locality", usage: "town"},
	{flag: "region", claim: "address.region", usage: "region"},
	{flag: "postal-code", claim: "address.postal_code", usage: "postal code"},
	{flag: "country", claim: "address.country", usage: "country"},
}

// accountFlags are those that set a field of the account itself.
var accountFlags = []claimFlag{
	{flag: "username", claim: "username", usage: "name to sign in with"},
	{flag: "email", claim: "email", usage: "e-mail address"},
	{flag: "email-verified", claim: "email_verified", usage: "the e-mail address is known to be theirs", truth: true},
	{flag: "external-id", claim: "external_id", usage: "what your own platform knows the account by"},
}

// clearableClaims are the flags whose fields can be emptied: all of text.
func clearableClaims() (names []string) {
	for _, cf := range append(accountFlags, claimFlags...) {
		if !cf.truth {
			names = append(names, cf.flag)
		}
	}
	return names
}

// fromServer are the claims that nobody sets.
var fromServer = map[string]bool{"sub": true, "updated_at": true}

func addAccountFlags(c *cobra.Command) {
	f := c.Flags()
	for _, cf := range append(accountFlags, claimFlags...) {
		if cf.truth {
			f.Bool(cf.flag, false, cf.usage)
		} else {
			f.String(cf.flag, "", cf.usage)
		}
	}
	f.Bool("admin", false, "may administer this provider")
	f.String("claims-json", "", "`file` with claims as a JSON object; - is standard input; flags win over it")
}

// accountFields gathers what the flags and the claims file set.
func (t *terminal) accountFields(flags *pflag.FlagSet) (client.Fields, error) {
	fields := client.Fields{}
	if path, _ := flags.GetString("claims-json"); path != "" {
		if err := t.readClaims(path, fields); err != nil {
			return nil, err
		}
	}
	fromFile := fields["username"]
	for _, cf := range append(accountFlags, claimFlags...) {
		if f := flags.Lookup(cf.flag); f.Changed {
			var value any = f.Value.String()
			if cf.truth {
				value = value == "true"
			}
			fields.Put(cf.claim, value)
		}
	}
	if fromFile != nil && fields["username"] != fromFile {
		return nil, fmt.Errorf("preferred_username is the username: --username says %q and the claims file %q",
			fields["username"], fromFile)
	}
	if f := flags.Lookup("admin"); f.Changed {
		fields["roles"] = []string{}
		if f.Value.String() == "true" {
			fields["roles"] = []string{"admin"}
		}
	}
	return fields, nil
}

// readClaims reads a claims file into fields, and refuses names that are not
// standard claims.
func (t *terminal) readClaims(path string, fields client.Fields) error {
	claims := map[string]any{}
	if err := t.readJSON(path, &claims); err != nil {
		return err
	}
	known := []string{"preferred_username", "address"}
	for _, cf := range append(accountFlags, claimFlags...) {
		if !strings.Contains(cf.claim, ".") {
			known = append(known, cf.claim)
		}
	}
	for name, value := range claims {
		switch {
		case fromServer[name]:
			return fmt.Errorf("%s: %s is Latchkey's own to set: leave it out", path, name)
		case name == "preferred_username":
			fields["username"] = value
		case slices.Contains(known, name):
			fields[name] = value
		default:
			return fmt.Errorf("%s: %q is not a standard claim%s", path, name,
				textutil.Hint("; the nearest one is %q", name, known))
		}
	}
	return nil
}

// readJSON reads one JSON value from a file, or from standard input for "-".
func (t *terminal) readJSON(path string, into any) error {
	var text []byte
	var err error
	if path == "-" {
		text, err = io.ReadAll(t.stdin)
	} else {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return fmt.Errorf("the file cannot be read: %w", textutil.FileReason(err))
	}
	if err := strictjson.UnmarshalKnown(textutil.WithoutMark(text), into); err != nil {
		return fmt.Errorf("%s: not the JSON object that is wanted here: %w", path, err)
	}
	return nil
}
