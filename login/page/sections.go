package page

// section is an entry of the list beside the content of a wide page.
type section struct {
	URL     string
	Text    Text
	Current bool
}

// accountSections is the list of the pages about one's own account. current is the
// address of the entry that the page belongs to.
func accountSections(current string) []section {
	all := []section{
		{URL: "/account", Text: Say("account.overview")},
		{URL: "/account/apps", Text: Say("account.apps")},
		{URL: "/account/security", Text: Say("account.security")},
	}
	for i := range all {
		all[i].Current = all[i].URL == current
	}
	return all
}
