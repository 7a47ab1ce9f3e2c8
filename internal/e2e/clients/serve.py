"""Puts the client.py of a folder on the web: python3 serve.py FOLDER."""

import json
import os
import secrets
import sys
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

sys.path.insert(0, sys.argv[1])
import client  # noqa: E402

ORIGIN = os.environ["ORIGIN"]
sessions = {}


class App(BaseHTTPRequestHandler):
    def do_GET(self):
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("session")
        self.id = cookie.value if cookie and cookie.value in sessions else secrets.token_urlsafe()
        session = sessions.setdefault(self.id, {})
        try:
            self.route(session, urlsplit(self.path))
        except Exception as err:
            self.answer(400, json.dumps({"type": type(err).__name__, "message": str(err)}))

    def route(self, session, url):
        if url.path == "/":
            self.answer(200, "signed in" if "token" in session else "signed out")
        elif url.path == "/login":
            self.redirect(client.login(session))
        elif url.path == "/callback":
            user = client.callback(session, ORIGIN + self.path, dict(parse_qsl(url.query)))
            self.answer(200, json.dumps(user))
        elif url.path == "/refresh":
            self.answer(200, json.dumps(client.refresh(session)))
        elif url.path == "/logout":
            to = client.logout(session)
            session.clear()
            self.redirect(to)
        else:
            self.answer(404, "")

    def redirect(self, to):
        self.answer(302, "", Location=to)

    def answer(self, status, text, **headers):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", f"session={self.id}; HttpOnly; SameSite=Lax; Path=/")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


at = urlsplit(ORIGIN)
ThreadingHTTPServer((at.hostname, at.port), App).serve_forever()
