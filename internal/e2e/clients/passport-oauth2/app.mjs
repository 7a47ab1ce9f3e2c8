import express from 'express'
import session from 'express-session'
import passport from 'passport'
import OAuth2Strategy from 'passport-oauth2'
import { randomBytes } from 'node:crypto'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN } = process.env

// The strategy knows OAuth alone: no discovery, no ID token.
const answer = await fetch(ISSUER + '/.well-known/openid-configuration')
const provider = await answer.json()

const strategy = new OAuth2Strategy({
  authorizationURL: provider.authorization_endpoint,
  tokenURL: provider.token_endpoint,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  callbackURL: ORIGIN + '/callback',
  scope: ['openid', 'profile', 'email'],
  state: true,
}, function verify(accessToken, refreshToken, profile, done) {
  done(null, { ...profile, refreshToken })
})
strategy._oauth2.useAuthorizationHeaderforGET(true)
strategy.userProfile = function (accessToken, done) { // the override that its page describes
  this._oauth2.get(provider.userinfo_endpoint, accessToken, (err, body) => err ? done(err) : done(null, JSON.parse(body)))
}
passport.use(strategy)
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

const app = express()
app.use(session({ secret: randomBytes(32).toString('hex'), resave: false, saveUninitialized: false }))
app.use(passport.session())

app.get('/', (req, res) => res.json({ user: req.user ?? null }))
app.get('/login', passport.authenticate('oauth2'))
app.get('/callback', passport.authenticate('oauth2', { failWithError: true }), (req, res) => res.redirect('/'))
app.get('/refresh', (req, res, next) => {
  strategy._oauth2.getOAuthAccessToken(req.user.refreshToken, { grant_type: 'refresh_token' }, (err, access, refresh) => {
    if (err) return next(err)
    req.user.refreshToken = refresh
    strategy.userProfile(access, (err, user) => err ? next(err) : res.json({ user }))
  })
})
app.use((err, req, res, next) => {
  res.status(400).json({ name: err.name, code: err.code, message: err.message, data: err.data ?? err.oauthError?.data })
})

const origin = new URL(ORIGIN)
app.listen(origin.port, origin.hostname)
