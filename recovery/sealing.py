"""What must be read again and would tell too much in a copy of the database (what a webhook is signed with, a patient's
address, a refused body) is stored sealed, under keys made from SECRET_KEY.

With SECRET_KEY_FALLBACKS what was sealed under an earlier key can still be read; `manage.py reseal` seals it anew.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class CannotUnseal(Exception):
    """It was sealed under a key that is known no more, or was changed."""


def seal(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    return unseal_bytes(sealed.encode()).decode()


def seal_bytes(data: bytes) -> bytes:
    return _fernet().encrypt(data)


def unseal_bytes(sealed: bytes) -> bytes:
    try:
        return _fernet().decrypt(sealed)
    except InvalidToken:
        raise CannotUnseal from None


def sealed_anew(sealed: bytes) -> bytes:
    """The same under the newest key."""
    try:
        return _fernet().rotate(sealed)
    except InvalidToken:
        raise CannotUnseal from None


def keys(purpose: bytes) -> list[bytes]:
    """Keys of 32 bytes for this purpose alone: of today, then those of before."""
    return [_derived(secret, purpose) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _fernet() -> MultiFernet:
    return _made_from(tuple(keys(b"recovery: sealed secrets")))


@lru_cache(maxsize=4)
def _made_from(derived: tuple[bytes, ...]) -> MultiFernet:
    return MultiFernet(Fernet(base64.urlsafe_b64encode(key)) for key in derived)


@lru_cache(maxsize=16)
def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
