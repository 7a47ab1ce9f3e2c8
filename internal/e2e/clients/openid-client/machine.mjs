// An app that acts for itself, prints what its token is good for, and gives it back.
import * as oidc from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env

const config = await oidc.discovery(new URL(ISSUER), CLIENT_ID, {}, oidc.ClientSecretBasic(CLIENT_SECRET))
const { access_token } = await oidc.clientCredentialsGrant(config)
const before = await oidc.tokenIntrospection(config, access_token)
await oidc.tokenRevocation(config, access_token)
const after = await oidc.tokenIntrospection(config, access_token)
console.log(JSON.stringify({ before, after }))
