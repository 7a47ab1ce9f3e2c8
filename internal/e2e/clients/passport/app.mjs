import express from 'express'
import session from 'express-session'
import passport from 'passport'
import OpenIDConnectStrategy from 'passport-openidconnect'
import { randomBytes } from 'node:crypto'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN } = process.env

// The strategy does not discover: these lines do.
const answer = await fetch(ISSUER + '/.well-known/openid-configuration')
const provider = await answer.json()

passport.use(new OpenIDConnectStrategy({
  issuer: provider.issuer,
  authorizationURL: provider.authorization_endpoint,
  tokenURL: provider.token_endpoint,
  userInfoURL: provider.userinfo_endpoint,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET, // sent as client_secret_post
  callbackURL: ORIGIN + '/callback',
  scope: ['profile', 'email'], // openid is added
  nonce: true,
  skipUserProfile: false, // ask userinfo
}, function verify(issuer, profile, context, idToken, done) {
  done(null, { id: profile.id, name: profile.displayName, emails: profile.emails, idToken })
}))
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

const app = express()
app.use(session({ secret: randomBytes(32).toString('hex'), resave: false, saveUninitialized: false }))
app.use(passport.session())

app.get('/', (req, res) => res.send(req.isAuthenticated() ? 'signed in' : 'signed out'))
app.get('/login', passport.authenticate('openidconnect'))
app.get('/callback', passport.authenticate('openidconnect', { failWithError: true }),
  (req, res) => res.json(req.user))
app.get('/logout', (req, res, next) => {
  const url = new URL(provider.end_session_endpoint)
  url.searchParams.set('id_token_hint', req.user.idToken)
  url.searchParams.set('post_logout_redirect_uri', ORIGIN + '/')
  req.logout((err) => err ? next(err) : res.redirect(url.href))
})
app.use((err, req, res, next) => {
  res.status(400).json({ name: err.name, code: err.code, message: err.message })
})

const origin = new URL(ORIGIN)
app.listen(origin.port, origin.hostname)
