"""A Django site that signs people in by social-auth-core: python3 app.py."""

import os
import secrets
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.management import call_command

ORIGIN = os.environ["ORIGIN"]

settings.configure(
    SECRET_KEY=secrets.token_hex(), DEBUG=True, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.environ["HOME"], "db")}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "social_django"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    AUTHENTICATION_BACKENDS=["social_core.backends.open_id_connect.OpenIdConnectAuth"],
    SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=os.environ["ISSUER"],
    SOCIAL_AUTH_OIDC_KEY=os.environ["CLIENT_ID"],
    SOCIAL_AUTH_OIDC_SECRET=os.environ["CLIENT_SECRET"],
    LOGIN_REDIRECT_URL="/",
)
django.setup()

from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from social_core.actions import do_auth  # noqa: E402
from social_django.utils import load_strategy, psa  # noqa: E402


def home(request):
    user = request.user
    return JsonResponse({"user": {"name": user.get_full_name(), "email": user.email} if user.is_authenticated else None})


@psa("social:complete")
def login(request, backend):
    return do_auth(request.backend)


def refresh(request):
    account = request.user.social_auth.get(provider="oidc")
    before = account.access_token
    account.refresh_token(load_strategy(request))  # without a refresh token it does nothing
    if account.access_token == before:
        raise ValueError("the access token is the one of before")
    backend = account.get_backend_instance(load_strategy(request))
    user = backend.get_json(backend.userinfo_url(), headers={"Authorization": f"Bearer {account.access_token}"})
    return JsonResponse({"user": user})


urlpatterns = [path("", home), path("login", login, {"backend": "oidc"}), path("refresh", refresh),
               path("", include("social_django.urls", namespace="social"))]

call_command("migrate", verbosity=0)
call_command("runserver", urlsplit(ORIGIN).netloc, use_reloader=False, verbosity=0)
