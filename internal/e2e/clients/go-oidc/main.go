// Command go-oidc owns the sample for Go in the docs: a site that signs people in.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// app is the site as the provider knows it.
type app struct {
	oauth2.Config
	verifier *oidc.IDTokenVerifier
}

func newApp(ctx context.Context) (*app, error) {
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	if err != nil {
		return nil, err
	}
	a := &app{Config: oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		RedirectURL:  os.Getenv("ORIGIN") + "/callback",
		Endpoint:     provider.Endpoint(),
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email"},
	}}
	a.verifier = provider.Verifier(&oidc.Config{ClientID: a.ClientID})
	return a, nil
}

// user is somebody who has signed in. Subject never changes, and belongs to nobody else.
type user struct {
	Subject       string `json:"sub"`
	Name          string `json:"name"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
}

// user makes a user of a code.
func (a *app) user(ctx context.Context, code, pkce string) (u user, err error) {
	token, err := a.Exchange(ctx, code, oauth2.VerifierOption(pkce))
	if err != nil {
		return u, err
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := a.verifier.Verify(ctx, raw)
	if err != nil {
		return u, err
	}
	return u, idToken.Claims(&u)
}

// login sends the browser to the provider. The cookie keeps what belongs to this login.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	state, pkce := rand.Text(), oauth2.GenerateVerifier()
	http.SetCookie(w, &http.Cookie{Name: "login", Value: state + "|" + pkce, Path: "/callback",
		HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, a.AuthCodeURL(state, oauth2.S256ChallengeOption(pkce)), http.StatusFound)
}

func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("login")
	if err != nil {
		http.Error(w, "no login was begun here", http.StatusBadRequest)
		return
	}
	state, pkce, _ := strings.Cut(cookie.Value, "|")
	switch q := r.URL.Query(); {
	case q.Get("state") != state:
		http.Error(w, "this answers another login", http.StatusBadRequest)
	case q.Get("error") != "":
		http.Error(w, q.Get("error")+": "+q.Get("error_description"), http.StatusBadRequest)
	default:
		u, err := a.user(r.Context(), q.Get("code"), pkce)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]user{"user": u})
	}
}

func main() {
	a, err := newApp(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /login", a.login)
	http.HandleFunc("GET /callback", a.callback)
	at, err := url.Parse(os.Getenv("ORIGIN"))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(at.Host, nil))
}
