"""Who is calling: the phone that holds a device token. Cookies say nothing here."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from recovery import access, audit, clock
from recovery.models import DeviceToken

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module, by way of the settings


def token_of(request: Request | HttpRequest) -> str:
    """Empty when none was sent."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


class DeviceAuthentication(BaseAuthentication):
    """`Authorization: Bearer <device token>`. Revoking takes effect at the next request."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, DeviceToken] | None:
        token = token_of(request)
        if not token:
            return None
        if not token.isascii():
            raise AuthenticationFailed(code="token_unknown")
        device = access.phone(token)
        if device is None:
            revoked = access.signed_out_phone(token)
            if revoked is not None:
                match = request._request.resolver_match
                page = f"phone {match.url_name if match else ''}"
                audit.record_look(
                    page=page,
                    now=clock.now(),
                    device=revoked,
                    of=match.kwargs if match else {},
                    status=401,
                    by_itself=True,
                )
            raise AuthenticationFailed(code="token_unknown" if revoked is None else "device_revoked")
        return AnonymousUser(), device

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsPhone(BasePermission):
    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.auth, DeviceToken)
