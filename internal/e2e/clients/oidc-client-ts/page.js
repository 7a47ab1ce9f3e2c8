// What the buttons do, and what came of it.
const show = (name, what) => {
  const result = document.createElement('pre')
  result.id = name
  result.textContent = JSON.stringify(what)
  document.body.append(result)
}

const attempt = (name, act) => act().then(
  (user) => show(name, { profile: user?.profile, scope: user?.scope }),
  (err) => show('error', { name: err.name, error: err.error, message: err.message }))

for (const [id, act] of Object.entries({ login, refresh, revoke, logout })) {
  document.getElementById(id).onclick = () => attempt(id + '-result', act)
}
if (location.pathname === '/callback') attempt('result', callback)
