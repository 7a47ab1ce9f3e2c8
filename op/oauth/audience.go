package oauth

import (
	"encoding/json"
)

// Audience is the aud of a token: a string if there is one, else an array (RFC 7519
// section 4.1.3).
type Audience []string

func (a Audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

func (a *Audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = Audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}
