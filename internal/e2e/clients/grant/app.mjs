import express from 'express'
import session from 'express-session'
import grant from 'grant'
import { randomBytes } from 'node:crypto'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN } = process.env

// Grant does not discover: these lines do.
const answer = await fetch(ISSUER + '/.well-known/openid-configuration')
const provider = await answer.json()

const app = express()
app.use(session({ secret: randomBytes(32).toString('hex'), resave: false, saveUninitialized: false }))
app.use(grant.express()({
  defaults: { origin: ORIGIN, transport: 'session', state: true, nonce: true },
  latchkey: {
    oauth: 2,
    authorize_url: provider.authorization_endpoint,
    access_url: provider.token_endpoint,
    profile_url: provider.userinfo_endpoint,
    key: CLIENT_ID,
    secret: CLIENT_SECRET,
    scope: ['openid', 'profile', 'email'],
    scope_delimiter: ' ',
    response: ['tokens', 'profile'],
    callback: '/',
  },
}))

app.get('/', (req, res) => {
  const { profile = null, ...rest } = req.session.grant?.response ?? {}
  res.status(rest.error ? 400 : 200).json({ user: profile, ...rest })
})
app.get('/login', (req, res) => res.redirect('/connect/latchkey'))

const origin = new URL(ORIGIN)
app.listen(origin.port, origin.hostname)
