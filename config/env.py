"""Typed readers of environment variables. Each refuses nonsense at start: which variable, and what to write."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"Set the environment variable {name} (see .env.example).")
    return default


def flag(name: str, default: bool = False) -> bool:
    value = text(name, "yes" if default else "no").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: write yes or no.")


def integer(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    if not value.lstrip("-").isdecimal() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} is {value!r}: write a whole number from {least} to {most}.")
    return int(value)


def one_of(name: str, default: str, choices: set[str]) -> str:
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}: write one of {', '.join(sorted(choices))}.")
    return value


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Networks such as 10.1.0.0/16, separated by commas; none when it is not set."""
    written = [network.strip() for network in text(name, "").split(",") if network.strip()]
    try:
        return [ip_network(network) for network in written]
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is {', '.join(written)!r}: write networks such as 127.0.0.1/32."
        ) from None


def database(url: str, *, name: str) -> dict[str, Any]:
    """postgresql://user:password@host:port/database?option=value as Django's database settings.

    `host` may be an absolute socket directory given as ?host=/directory.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"{name} must begin with postgresql:// (only PostgreSQL 18 or newer is supported)."
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def smtp(url: str, *, name: str) -> dict[str, Any]:
    """smtp://user:password@host:port (plain) or smtps:// (TLS) or smtp+starttls:// as Django's e-mail settings."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps", "smtp+starttls"} or not parts.hostname:
        raise ImproperlyConfigured(f"{name} must look like smtp+starttls://user:password@host:587.")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
    }
