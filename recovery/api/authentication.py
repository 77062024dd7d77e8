"""Who is calling: the phone that holds a device token. Cookies say nothing here."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from recovery import access
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
            raise AuthenticationFailed(
                code="device_revoked" if access.signed_out_phone(token) else "token_unknown"
            )
        return AnonymousUser(), device

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsPhone(BasePermission):
    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.auth, DeviceToken)
