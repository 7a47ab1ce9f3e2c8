// Package frontchannel owns what passes through the browser: the cookies that name it,
// sealed state in addresses and forms, refusals that are shown as pages, and the ways back
// to an app (redirect and form post).
package frontchannel
