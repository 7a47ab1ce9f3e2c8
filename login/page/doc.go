// Package page owns everything a person sees in the browser on the sign-in side:
// the frame, the templates, the stylesheet, two small scripts, every visible
// string, and the headers that belong to a page rather than to a server.
//
// It does not know requests, forms, sessions, storage or the protocol. A handler
// decides what is to be seen, fills in one of the data structs, and calls
// [Renderer.Render]:
//
//	return pages.Render(w, r, http.StatusUnprocessableEntity, page.SignIn{
//		Action:   r.URL.Path,
//		App:      app,
//		Username: r.PostFormValue("username"),
//		Problem:  page.WrongPassword,
//	})
//
// One struct is one page, and its fields are that page's states. Templates are
// embedded and parsed by [New], which fails if one is missing or a message key
// is unknown. Nothing is written before a page has been made whole, so an error
// from Render leaves the answer untouched.
//
// Pages work without script and load nothing from elsewhere: no inline script or
// style, no foreign image. Names, pictures and addresses of apps and people are
// foreign input; they are escaped, kept from reordering the sentence around
// them, and links are made only to http and https addresses.
package page
