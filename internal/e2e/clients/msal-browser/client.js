const manager = new msal.PublicClientApplication({
  auth: {
    authority: config.issuer,
    knownAuthorities: [new URL(config.issuer).host], // none of Microsoft's
    clientId: config.clientId,
    redirectUri: location.origin + '/callback',
    postLogoutRedirectUri: location.origin + '/',
  },
  system: { protocolMode: 'OIDC' },
})
const ready = manager.initialize()

const scopes = ['openid', 'profile', 'email', 'offline_access']
const login = async () => { await ready; await manager.loginRedirect({ scopes }) }
const callback = async () => { // on each page: it returns to where the login began
  await ready
  const result = await manager.handleRedirectPromise()
  if (result) manager.setActiveAccount(result.account)
  return result
}
const refresh = () => manager.acquireTokenSilent({ scopes, forceRefresh: true })
const logout = () => { // with the ID token as its hint, so that the provider knows where to return to
  const account = manager.getActiveAccount()
  return manager.logoutRedirect({ account, idTokenHint: account.idToken })
}
