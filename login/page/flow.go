package page

// Expired answers a flow that waited too long, or that this browser did not begin.
type Expired struct {
	App *App // nil when nothing is left that tells
}

func (p Expired) frame(*livery) frame {
	m := leadBack("clock", p.App, "expired.what.app", "expired.what")
	m.Lines = append(m.Lines, Say("expired.why"))
	return frame{template: "message", title: Say("expired.title"), message: m, leaves: true}
}

// Finished answers a flow that has had its answer: by the back button, say.
type Finished struct{ App *App }

func (p Finished) frame(*livery) frame {
	return frame{template: "message", title: Say("finished.title"), leaves: true,
		message: leadBack("check", p.App, "finished.what.app", "finished.what")}
}

// leadBack sends people back to where they came from, by name if it is known.
func leadBack(icon string, app *App, named, unnamed Key) *message {
	if app == nil {
		return &message{Icon: icon, Lines: []Text{Say(unnamed)}, Links: []link{home()}}
	}
	return &message{Icon: icon, Lines: []Text{Say(named, app.Name)},
		Links: append(visit(app.HomeURL, "link.return", app.Name), home())}
}

// Why an app cannot be used.
type Why int

// The reasons. All belong to status 403.
const (
	NotApproved Why = iota // waits for a reviewer
	Suspended              // taken out of use
	NotAllowed             // this person's groups may not use it
)

// Unavailable tells that an app cannot be used now, and whom to ask.
type Unavailable struct {
	App App
	Why Why
}

func (p Unavailable) frame(l *livery) frame {
	m := &message{Icon: "door", App: &p.App}
	switch p.Why {
	case NotApproved:
		m.Lines = []Text{Say("unavailable.review", p.App.Name, l.Name)}
	case Suspended:
		m.Lines = []Text{Say("unavailable.suspended", l.Name, p.App.Name)}
	case NotAllowed:
		m.Lines = []Text{Say("unavailable.group", p.App.Name)}
	}
	m.Lines = append(m.Lines, p.ask(l))
	m.Links = append(l.help(), home())
	return frame{template: "message", title: Say("unavailable.title", p.App.Name), message: m, leaves: true}
}

// ask names whose turn it is. Only the platform lifts a suspension or lets
// somebody in; whether an app is handed in for review is its owner's matter.
func (p Unavailable) ask(l *livery) Text {
	if p.Why == NotApproved && p.App.Owner != "" {
		return Say("unavailable.ask", p.App.Owner)
	}
	return Say("unavailable.ask", l.Contact())
}
