"""A Django site that signs people in by django-allauth: python3 app.py."""

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
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                    "django.contrib.messages", "allauth", "allauth.account", "allauth.socialaccount",
                    "allauth.socialaccount.providers.openid_connect"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware",
                "allauth.account.middleware.AccountMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
        "context_processors": ["django.template.context_processors.request",
                               "django.contrib.auth.context_processors.auth",
                               "django.contrib.messages.context_processors.messages"]}}],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": [{
        "provider_id": "latchkey",
        "name": "Latchkey",
        "client_id": os.environ["CLIENT_ID"],
        "secret": os.environ["CLIENT_SECRET"],
        "settings": {"server_url": os.environ["ISSUER"]},
    }]}},
    SOCIALACCOUNT_LOGIN_ON_GET=True,  # a link begins the login
    ACCOUNT_EMAIL_VERIFICATION="mandatory",  # so an address that the provider has not verified stops it
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    LOGIN_REDIRECT_URL="/",
)
django.setup()

from django.http import JsonResponse  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.urls import include, path  # noqa: E402


def home(request):
    user = request.user
    return JsonResponse({"user": {"name": user.get_full_name(), "email": user.email} if user.is_authenticated else None})


def login(request):
    return redirect("openid_connect_login", "latchkey")


urlpatterns = [path("", home), path("login", login), path("accounts/", include("allauth.urls"))]

call_command("migrate", verbosity=0)
call_command("runserver", urlsplit(ORIGIN).netloc, use_reloader=False, verbosity=0)
