package wire

import (
	"latchkey/storage/policy"
)

// Setting is one of the settings, and where its value comes from.
type Setting struct {
	Name    string               `json:"name"`
	Value   any                  `json:"value" doc:"In force now"`
	Default any                  `json:"default"`
	Unit    string               `json:"unit,omitempty" doc:"What a number counts"`
	Source  policy.SettingSource `json:"source" enum:"default,stored,file" doc:"file: the configuration file or the environment pins it, and it cannot be changed here"`
}

// Settings are all of them.
type Settings struct {
	Settings []Setting `json:"settings"`
}
