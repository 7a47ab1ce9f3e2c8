import os

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oidc.core import CodeIDToken

ISSUER, CLIENT_ID = os.environ["ISSUER"], os.environ["CLIENT_ID"]
CLIENT_SECRET, ORIGIN = os.environ["CLIENT_SECRET"], os.environ["ORIGIN"]

provider = requests.get(ISSUER + "/.well-known/openid-configuration").json()


def client(**known):
    return OAuth2Session(CLIENT_ID, CLIENT_SECRET, redirect_uri=ORIGIN + "/callback", code_challenge_method="S256",
                         scope="openid profile email offline_access", **known)


# session is what your web framework keeps for this browser.
def login(session):
    session["verifier"], session["nonce"] = generate_token(48), generate_token(20)
    url, session["state"] = client().create_authorization_url(
        provider["authorization_endpoint"], code_verifier=session["verifier"], nonce=session["nonce"])
    return url


def callback(session, url, query):
    if query.get("error"):
        raise OAuthError(query["error"], query.get("error_description"))
    oauth = client(state=session["state"])
    token = oauth.fetch_token(provider["token_endpoint"], authorization_response=url,
                              code_verifier=session["verifier"])
    keys = JsonWebKey.import_key_set(requests.get(provider["jwks_uri"]).json())
    claims = JsonWebToken(provider["id_token_signing_alg_values_supported"]).decode(
        token["id_token"], keys, claims_cls=CodeIDToken,
        claims_options={"iss": {"value": provider["issuer"]}, "aud": {"value": CLIENT_ID}},
        claims_params={"nonce": session["nonce"], "client_id": CLIENT_ID, "access_token": token["access_token"]})
    claims.validate(leeway=60)
    session["token"] = token
    return {"claims": claims, "userinfo": oauth.get(provider["userinfo_endpoint"]).json()}


def refresh(session):
    oauth = client(token=session["token"])
    session["token"] = oauth.refresh_token(provider["token_endpoint"])  # the newest one counts
    return {"userinfo": oauth.get(provider["userinfo_endpoint"]).json()}


def logout(session):
    hint = session["token"]["id_token"]
    return requests.Request("GET", provider["end_session_endpoint"], params={
        "id_token_hint": hint, "post_logout_redirect_uri": ORIGIN + "/"}).prepare().url
