// What the buttons do, and what came of it.
const profile = (result) => ({ profile: result.idTokenClaims, scope: result.scopes.join(' ') })
for (const [id, act] of Object.entries({ login, refresh, logout })) {
  document.getElementById(id).onclick = () => attempt(id + '-result', act, profile)
}
callback().then((result) => result && show('result', profile(result)), fail)
