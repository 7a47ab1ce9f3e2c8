import * as oidc from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN } = process.env

// openid-client refuses a provider without TLS unless it is told: one on your own machine.
const options = ISSUER.startsWith('http://localhost') ? { execute: [oidc.allowInsecureRequests] } : undefined
const config = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, options)
oidc.enableNonRepudiationChecks(config) // verify signatures by the provider's keys

// session is what your web framework keeps for this browser.
export async function login(session) {
  session.verifier = oidc.randomPKCECodeVerifier()
  session.state = oidc.randomState()
  session.nonce = oidc.randomNonce()
  return oidc.buildAuthorizationUrl(config, {
    redirect_uri: ORIGIN + '/callback',
    scope: 'openid profile email offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(session.verifier),
    code_challenge_method: 'S256',
    state: session.state,
    nonce: session.nonce,
  })
}

export async function callback(session, url) {
  const tokens = await oidc.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: session.verifier,
    expectedState: session.state,
    expectedNonce: session.nonce,
    idTokenExpected: true,
  })
  const claims = tokens.claims()
  session.idToken = tokens.id_token
  session.refreshToken = tokens.refresh_token
  return { claims, userinfo: await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) }
}

export async function refresh(session) {
  const tokens = await oidc.refreshTokenGrant(config, session.refreshToken)
  session.refreshToken = tokens.refresh_token // the newest one counts
  return { claims: tokens.claims(), userinfo: await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub) }
}

export function logout(session) {
  return oidc.buildEndSessionUrl(config, { id_token_hint: session.idToken, post_logout_redirect_uri: ORIGIN + '/' })
}
