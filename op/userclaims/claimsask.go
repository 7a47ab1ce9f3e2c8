package userclaims

import (
	"encoding/json"
	"errors"
	"slices"

	"latchkey/internal/strictjson"
)

// claimsAsk is the claims parameter (OpenID Connect Core section 5.5), reduced to
// what this provider acts on.
type Request struct {
	Userinfo []string `cbor:"1,keyasint,omitempty" json:"userinfo,omitempty"`
	IDToken  []string `cbor:"2,keyasint,omitempty" json:"id_token,omitempty"`
	Subject  string   `cbor:"-" json:"-"` // whom the answer must be about; "": anybody
	ACR      []string `cbor:"-" json:"-"` // essential values; none: any will do
}

// claimsMost bounds the parameter in bytes, and claimsCount how many claims it may
// name in each place: it travels in a cookie and is stored with the grant.
const (
	claimsMost  = 2048
	claimsCount = 40
)

type claimRequest struct {
	Essential bool              `json:"essential"`
	Value     json.RawMessage   `json:"value"`
	Values    []json.RawMessage `json:"values"`
}

// strings are the request's value or values. Those of the claims that are compared
// (sub, acr) are strings; another type is an error, for to pass over it would be to
// pass over what the app insisted on.
func (c *claimRequest) strings() ([]string, error) {
	if c == nil {
		return nil, nil
	}
	var out []string
	for _, raw := range append(c.Values, c.Value) {
		if len(raw) == 0 || string(raw) == "null" {
			continue
		}
		var s string
		if err := json.Unmarshal(raw, &s); err != nil || s == "" {
			return nil, errClaimValue
		}
		out = append(out, s)
	}
	return out, nil
}

var (
	errClaimsLong  = errors.New("is longer than 2048 bytes")
	errClaimsForm  = errors.New("is not a JSON object of the form OpenID Connect Core section 5.5 gives")
	errClaimsMany  = errors.New("names too many claims")
	errClaimValue  = errors.New("asks for a sub or acr that is not a string, or empty")
	errClaimsUsers = errors.New("names more than one user")
)

func Parse(s string) (Request, error) {
	var ask Request
	if s == "" {
		return ask, nil
	}
	if len(s) > claimsMost {
		return ask, errClaimsLong
	}
	var in struct {
		Userinfo map[string]*claimRequest `json:"userinfo"`
		IDToken  map[string]*claimRequest `json:"id_token"`
	}
	if err := strictjson.Unmarshal([]byte(s), &in); err != nil {
		return ask, errClaimsForm
	}
	if len(in.Userinfo) > claimsCount || len(in.IDToken) > claimsCount {
		return ask, errClaimsMany
	}
	ask.Userinfo, ask.IDToken = names(in.Userinfo), names(in.IDToken)
	return ask, ask.compare(in.Userinfo["sub"], in.IDToken["sub"], in.IDToken["acr"])
}

// compare reads the values that decide whether there can be an answer at all. A sub
// is whom the answer must be about (OpenID Connect Core section 3.1.2.2), so no more
// than one can be named.
func (a *Request) compare(userinfoSub, idTokenSub, acr *claimRequest) error {
	inUserinfo, err := userinfoSub.strings()
	if err != nil {
		return err
	}
	inIDToken, err := idTokenSub.strings()
	if err != nil {
		return err
	}
	all := append(inUserinfo, inIDToken...)
	slices.Sort(all)
	switch all = slices.Compact(all); len(all) {
	case 0:
	case 1:
		a.Subject = all[0]
	default:
		return errClaimsUsers
	}
	if acr != nil && acr.Essential {
		a.ACR, err = acr.strings()
	}
	return err
}

// names are the claims of one place that are about the user and that we can give.
func names(place map[string]*claimRequest) []string {
	var out []string
	for name := range place {
		if readers[name] != nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Within leaves only the claims named.
func (a *Request) Within(allowed []string) {
	a.Userinfo, a.IDToken = Intersect(a.Userinfo, allowed), Intersect(a.IDToken, allowed)
}

// NeedsOtherACR reports whether an acr was essential that no sign-in here gives
// (OpenID Connect Core section 5.5.1.1).
func (a Request) NeedsOtherACR() bool {
	return len(a.ACR) > 0 && !slices.Contains(a.ACR, AcrPassword)
}

// None reports whether no claim is asked for by itself.
func (a Request) None() bool { return len(a.Userinfo) == 0 && len(a.IDToken) == 0 }

// All are the claims asked for one by one, in either place.
func (a Request) All() []string {
	out := slices.Concat(a.Userinfo, a.IDToken)
	slices.Sort(out)
	return slices.Compact(out)
}

// Record is the request as the grant keeps it; nil when it asks for nothing.
func (a Request) Record() ([]byte, error) {
	if a.None() {
		return nil, nil
	}
	return json.Marshal(a)
}

// recordedClaims reads what record wrote.
func Recorded(b []byte) (Request, error) {
	var a Request
	if len(b) == 0 {
		return a, nil
	}
	return a, json.Unmarshal(b, &a)
}
