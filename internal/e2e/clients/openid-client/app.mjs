// The client on the web, as small as it can be.
import express from 'express'
import session from 'express-session'
import { randomBytes } from 'node:crypto'
import { callback, login, logout, refresh } from './client.mjs'

const origin = new URL(process.env.ORIGIN)
const app = express()
app.use(session({ secret: randomBytes(32).toString('hex'), resave: false, saveUninitialized: false }))

app.get('/', (req, res) => res.send(req.session.idToken ? 'signed in' : 'signed out'))
app.get('/login', async (req, res) => res.redirect((await login(req.session)).href))
app.get('/callback', async (req, res) => res.json(await callback(req.session, new URL(req.originalUrl, origin))))
app.get('/refresh', async (req, res) => res.json(await refresh(req.session)))
app.get('/logout', (req, res) => {
  const url = logout(req.session)
  req.session.destroy(() => res.redirect(url.href))
})
app.use(async (err, req, res, next) => {
  const { message, code, error, cause } = err
  const answer = err.response?.bodyUsed === false ? await err.response.text() : undefined
  res.status(400).json({ message, code, error, cause: cause?.message, answer })
})

app.listen(origin.port, origin.hostname)
