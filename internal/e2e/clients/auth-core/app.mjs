// Auth.js, as its packages for web frameworks call it.
import { Auth, skipCSRFCheck } from '@auth/core'
import express from 'express'
import { randomBytes } from 'node:crypto'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN } = process.env

const config = {
  providers: [{
    id: 'latchkey',
    name: 'Latchkey',
    type: 'oidc',
    issuer: ISSUER,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
  }],
  secret: randomBytes(32).toString('hex'),
  trustHost: true,
  basePath: '/auth',
}

// answer hands a request to Auth.js, and what it says to express.
async function answer(req, res, path, options = {}) {
  const asked = new Request(ORIGIN + path, { headers: { cookie: req.headers.cookie ?? '' }, ...options.request })
  const said = await Auth(asked, { ...config, ...options.config })
  res.status(said.status).setHeaders(said.headers).send(await said.text())
}

const app = express()
app.get('/', (req, res) => answer(req, res, '/auth/session'))
app.get('/login', (req, res) => answer(req, res, '/auth/signin/latchkey', {
  request: { method: 'POST', body: new URLSearchParams({ callbackUrl: ORIGIN + '/' }) },
  config: { skipCSRFCheck },
}))
app.get('/auth/*rest', (req, res) => answer(req, res, req.originalUrl))

const origin = new URL(ORIGIN)
app.listen(origin.port, origin.hostname)
