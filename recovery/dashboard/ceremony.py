"""How a browser is asked for a passkey and what it answers is judged (WebAuthn), with what django-allauth has for it.

A challenge counts once, whatever comes of it. What a stranger sends is read here and nowhere else.
"""

import json
import struct
from ipaddress import ip_address
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.http.request import split_domain_port
from fido2.cose import CoseKey, UnsupportedKey
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from recovery.models import User

ISSUER = "Recovery check-ins"

UNREADABLE = (
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValidationError,
    ValueError,
    struct.error,
)
"""What the readers of an answer raise when it is none, or not of this challenge, this service or this key."""


class Refused(Exception):
    """The answer is not one to what was asked."""


class StaffKeys(DefaultMFAAdapter):
    """Under which names a browser keeps a passkey: the host that this page was asked from, and who is signed in."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": _host(), "name": ISSUER}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        return {"id": user.uuid.bytes, "name": user.email, "display_name": user.name}


def is_offered() -> bool:
    """A browser keeps a passkey under a name; for an address in numbers it makes none."""
    try:
        ip_address(_host().strip("[]"))
    except ValueError:
        return True
    return False


def to_create(user: User) -> str:
    """What a browser is told that is to make a key, as JSON."""
    return json.dumps(_plain(auth.begin_registration(user, False)))


def to_sign(user: User) -> str:
    """What a browser is told that is to sign with a key of theirs, as JSON."""
    return json.dumps(_plain(auth.begin_authentication(user)))


def made(sent: str) -> tuple[dict[str, Any], int]:
    """The new key that a browser answers with, as it is kept, and where it counts. Raises Refused."""
    state = _used_challenge()
    try:
        answer = RegistrationResponse.from_dict(json.loads(sent))
        bound = auth.get_server().register_complete(state, answer)
        key = bound.credential_data.public_key if bound.credential_data else None
        kept = _plain(dict(RegistrationResponse(raw_id=answer.raw_id, response=answer.response)))
    except UNREADABLE as error:
        raise Refused from error
    if not isinstance(key, CoseKey) or isinstance(key, UnsupportedKey):
        raise Refused
    if bound.credential_data is None or bound.credential_data.credential_id != answer.raw_id:
        raise Refused  # under two names one key would be two
    return kept, bound.counter


def signed(user: User, sent: str) -> tuple[Authenticator, int]:
    """Which key of theirs has signed, and where it counts. Raises Refused."""
    state, keys = _used_challenge(), auth.get_credentials(user)
    try:
        answer = AuthenticationResponse.from_dict(json.loads(sent))
        bound = auth.get_server().authenticate_complete(state, keys, answer)
        counter = answer.response.authenticator_data.counter
    except UNREADABLE as error:
        raise Refused from error
    found = auth.get_authenticator_by_credential_id(user, bound.credential_id)
    if found is None:
        raise Refused
    return found, counter


def _used_challenge() -> dict[str, Any]:
    state: dict[str, Any] | None = auth.get_state()
    auth.clear_state()
    if not state:
        raise Refused
    return state


def _plain(found: Any) -> Any:
    """Mappings of the library as what JSON knows."""
    if hasattr(found, "items"):
        return {name: _plain(value) for name, value in found.items()}
    return [_plain(value) for value in found] if isinstance(found, list | tuple) else found


def _host() -> str:
    return split_domain_port(context.request.get_host())[0]
