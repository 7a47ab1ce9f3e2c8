import express from 'express'
import openid from 'express-openid-connect'
import { randomBytes } from 'node:crypto'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN } = process.env

const app = express()
app.use(openid.auth({
  issuerBaseURL: ISSUER,
  baseURL: ORIGIN,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  secret: randomBytes(32).toString('hex'), // of its own cookie
  authorizationParams: { response_type: 'code' },
  authRequired: false,
  idpLogout: true,
}))

app.get('/', (req, res) => res.json({ user: req.oidc.user ?? null }))

app.use((err, req, res, next) => {
  res.status(400).json({ name: err.name, error: err.error, message: err.message })
})

const origin = new URL(ORIGIN)
app.listen(origin.port, origin.hostname)
