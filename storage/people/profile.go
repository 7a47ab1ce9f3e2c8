package people

import (
	"strings"
	"time"

	"golang.org/x/text/language"
	"latchkey/storage"
)

// Profile is the standard claims about a user that are not the username or the
// e-mail address (OpenID Connect Core section 5.1). Empty means unknown.
type Profile struct {
	Name                string  `cbor:"1,keyasint,omitempty" json:"name,omitempty"`
	GivenName           string  `cbor:"2,keyasint,omitempty" json:"given_name,omitempty"`
	FamilyName          string  `cbor:"3,keyasint,omitempty" json:"family_name,omitempty"`
	MiddleName          string  `cbor:"4,keyasint,omitempty" json:"middle_name,omitempty"`
	Nickname            string  `cbor:"5,keyasint,omitempty" json:"nickname,omitempty"`
	Profile             string  `cbor:"6,keyasint,omitempty" json:"profile,omitempty"`
	Picture             string  `cbor:"7,keyasint,omitempty" json:"picture,omitempty"`
	Website             string  `cbor:"8,keyasint,omitempty" json:"website,omitempty"`
	Gender              string  `cbor:"9,keyasint,omitempty" json:"gender,omitempty"`
	Birthdate           string  `cbor:"10,keyasint,omitempty" json:"birthdate,omitempty"`
	Zoneinfo            string  `cbor:"11,keyasint,omitempty" json:"zoneinfo,omitempty"`
	Locale              string  `cbor:"12,keyasint,omitempty" json:"locale,omitempty"`
	PhoneNumber         string  `cbor:"13,keyasint,omitempty" json:"phone_number,omitempty"`
	PhoneNumberVerified bool    `cbor:"14,keyasint,omitempty" json:"phone_number_verified,omitempty"`
	Address             Address `cbor:"15,keyasint,omitzero" json:"address,omitzero"`
}

// Address is the address claim (OpenID Connect Core section 5.1.1).
type Address struct {
	Formatted     string `cbor:"1,keyasint,omitempty" json:"formatted,omitempty"`
	StreetAddress string `cbor:"2,keyasint,omitempty" json:"street_address,omitempty"`
	Locality      string `cbor:"3,keyasint,omitempty" json:"locality,omitempty"`
	Region        string `cbor:"4,keyasint,omitempty" json:"region,omitempty"`
	PostalCode    string `cbor:"5,keyasint,omitempty" json:"postal_code,omitempty"`
	Country       string `cbor:"6,keyasint,omitempty" json:"country,omitempty"`
}

// profileText is one of the claims that are any text.
type profileText struct{ field, value string }

func (p *Profile) texts() []profileText {
	return []profileText{
		{"name", p.Name}, {"given_name", p.GivenName}, {"family_name", p.FamilyName},
		{"middle_name", p.MiddleName}, {"nickname", p.Nickname}, {"gender", p.Gender},
		{"phone_number", p.PhoneNumber}, {"address.street_address", p.Address.StreetAddress},
		{"address.locality", p.Address.Locality}, {"address.region", p.Address.Region},
		{"address.postal_code", p.Address.PostalCode}, {"address.country", p.Address.Country},
		{"address.formatted", p.Address.Formatted},
		{"birthdate", p.Birthdate}, {"zoneinfo", p.Zoneinfo}, {"locale", p.Locale},
	}
}

// Validate looks time zones up, maybe on the disk: never within a transaction. What people
// see of it is for validateVisible.
func (p *Profile) Validate() error {
	for _, f := range p.texts() {
		if err := storage.PlainText(f.field, f.value); err != nil {
			return err
		}
	}
	for _, f := range []struct{ field, value string }{
		{"profile", p.Profile}, {"picture", p.Picture}, {"website", p.Website},
	} {
		if err := storage.WebURL(f.field, f.value); err != nil {
			return err
		}
	}
	return p.validateForms()
}

// validateVisible applies visibleText to the claims that differ from those stored: one that
// an earlier version took must not stand in the way of a change to something else.
func (p *Profile) validateVisible(stored *Profile) error {
	was := stored.texts()
	for i, f := range p.texts() {
		if f == was[i] {
			continue
		}
		if err := storage.VisibleText(f.field, f.value); err != nil {
			return err
		}
	}
	return nil
}

func (p *Profile) validateForms() error {
	if p.Birthdate != "" && !ValidBirthdate(p.Birthdate) {
		return storage.Invalidf("birthdate", "must be YYYY-MM-DD, 0000-MM-DD or YYYY, not %q", p.Birthdate)
	}
	if p.Zoneinfo != "" {
		if _, err := time.LoadLocation(p.Zoneinfo); err != nil || p.Zoneinfo == "Local" {
			return storage.Invalidf("zoneinfo",
				"must be a name of the time zone database, like Europe/Paris, not %q", p.Zoneinfo)
		}
	}
	if p.Locale != "" {
		if _, err := language.Parse(p.Locale); err != nil {
			return storage.Invalidf("locale", "must be a language tag, like en-GB, not %q", p.Locale)
		}
	}
	if p.PhoneNumberVerified && p.PhoneNumber == "" {
		return storage.Invalidf("phone_number_verified", "needs a phone number")
	}
	return nil
}

// ValidBirthdate follows OpenID Connect Core section 5.1: a year of 0000 means
// that it is not given, and a year alone is allowed.
func ValidBirthdate(s string) bool {
	if len(s) == 4 {
		_, err := time.Parse("2006", s)
		return err == nil
	}
	if rest, ok := strings.CutPrefix(s, "0000"); ok {
		s = "2000" + rest // a leap year, so that 29 February passes
	}
	_, err := time.Parse("2006-01-02", s)
	return err == nil
}
