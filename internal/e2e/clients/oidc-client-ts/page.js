// What the buttons do, and what came of it.
const profile = (user) => ({ profile: user?.profile, scope: user?.scope })
for (const [id, act] of Object.entries({ login, refresh, revoke, logout })) {
  document.getElementById(id).onclick = () => attempt(id + '-result', act, profile)
}
if (location.pathname === '/callback') attempt('result', callback, profile)
