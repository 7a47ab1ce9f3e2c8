const manager = new oidc.UserManager({
  authority: config.issuer,
  client_id: config.clientId,
  redirect_uri: location.origin + '/callback',
  post_logout_redirect_uri: location.origin + '/',
  scope: 'openid profile email offline_access',
  loadUserInfo: true,
})

const login = () => manager.signinRedirect({ nonce: crypto.randomUUID() })
const callback = async () => { // on the page that redirect_uri names
  const user = await manager.signinCallback()
  history.replaceState(null, '', '/') // the code need not stay in the address
  return user
}
const refresh = () => manager.signinSilent() // by the refresh token: no frame, no cookie
const revoke = () => manager.revokeTokens()
const logout = () => manager.signoutRedirect() // with the ID token as its hint
