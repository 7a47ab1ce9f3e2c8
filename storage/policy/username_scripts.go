package policy

const (
	// ScriptsHighlyRestrictive takes one script, or Latin with those of Japanese, Chinese
	// or Korean.
	ScriptsHighlyRestrictive = "highly_restrictive"
	// ScriptsModeratelyRestrictive also takes Latin with one other recommended script
	// (UAX 31, table 5), but not with Cyrillic or Greek: their letters look like Latin ones.
	ScriptsModeratelyRestrictive = "moderately_restrictive"
	ScriptsAny                   = "any"
)

var usernameScripts = []string{ScriptsHighlyRestrictive, ScriptsModeratelyRestrictive, ScriptsAny}
