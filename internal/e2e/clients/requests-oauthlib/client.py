import os

import jwt
import requests
from oauthlib.oauth2 import WebApplicationClient
from requests_oauthlib import OAuth2Session

ISSUER, CLIENT_ID = os.environ["ISSUER"], os.environ["CLIENT_ID"]
CLIENT_SECRET, ORIGIN = os.environ["CLIENT_SECRET"], os.environ["ORIGIN"]

provider = requests.get(ISSUER + "/.well-known/openid-configuration").json()
keys = jwt.PyJWKClient(provider["jwks_uri"])


def client(**known):
    return OAuth2Session(CLIENT_ID, redirect_uri=ORIGIN + "/callback",
                         scope=["openid", "profile", "email", "offline_access"], **known)


# session is what your web framework keeps for this browser.
def login(session):
    pkce = WebApplicationClient(CLIENT_ID)
    session["verifier"], session["nonce"] = pkce.create_code_verifier(64), pkce.create_code_verifier(43)
    url, session["state"] = client().authorization_url(
        provider["authorization_endpoint"], nonce=session["nonce"],
        code_challenge=pkce.create_code_challenge(session["verifier"], "S256"), code_challenge_method="S256")
    return url


def callback(session, url, query):
    oauth = client(state=session["state"])
    token = oauth.fetch_token(provider["token_endpoint"], client_secret=CLIENT_SECRET,
                              authorization_response=url, code_verifier=session["verifier"])
    claims = jwt.decode(token["id_token"], keys.get_signing_key_from_jwt(token["id_token"]).key,
                        algorithms=provider["id_token_signing_alg_values_supported"],
                        issuer=provider["issuer"], audience=CLIENT_ID)
    if claims["nonce"] != session["nonce"]:
        raise ValueError("this ID token answers another request")
    session["token"] = token
    return {"claims": claims, "userinfo": oauth.get(provider["userinfo_endpoint"]).json()}


def refresh(session):
    oauth = client(token=session["token"])
    session["token"] = oauth.refresh_token(  # the newest one counts
        provider["token_endpoint"], auth=(CLIENT_ID, CLIENT_SECRET))
    return {"userinfo": oauth.get(provider["userinfo_endpoint"]).json()}


def logout(session):
    return requests.Request("GET", provider["end_session_endpoint"], params={
        "id_token_hint": session["token"]["id_token"], "post_logout_redirect_uri": ORIGIN + "/"}).prepare().url
