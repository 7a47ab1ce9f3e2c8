package page

// SignOut asks before signing out. The button sends action=sign-out, with
// everywhere=yes if the box is ticked.
type SignOut struct {
	Action string // where the form is posted
	// People are all whose accounts are signed in on this browser: signing out ends all.
	// Empty: sessions are left, but so long unused that nobody is signed in.
	People []Person
	App    *App // who asked; nil when the person did
	// OfferEverywhere adds the choice to end the other devices' sessions too.
	OfferEverywhere bool
}

func (p SignOut) frame(l *livery) frame {
	return frame{template: "signout", title: Say("signout.title", l.Name), leaves: p.App != nil}
}

// Button says what the button does.
func (p SignOut) Button() Text {
	if len(p.People) > 1 {
		return Count("signout.button.all", len(p.People))
	}
	return Say("signout.button")
}

// SignedOut tells that it is done.
type SignedOut struct {
	App       *App
	ReturnURL string   // a registered address of App, which may be a native app's; otherwise empty
	Informed  []string // names of the apps that were told
}

func (p SignedOut) frame(l *livery) frame {
	m := &message{Icon: "check", Status: true, Lines: []Text{Say("signedout.what", l.Name)}}
	if len(p.Informed) > 0 {
		m.Lines = append(m.Lines, Count("signedout.informed", len(p.Informed)))
	}
	m.Lines = append(m.Lines, Say("signedout.shared"))
	if p.App != nil {
		m.Links = goTo(appLink(p.ReturnURL), "link.return", p.App.Name)
	}
	m.Links = append(m.Links, link{"/sign-in", Say("link.sign_in_again")})
	return frame{template: "message", title: Say("signedout.title"), message: m, leaves: p.App != nil}
}
