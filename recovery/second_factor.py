"""The second factor of staff: six digits from an authenticator app (TOTP, RFC 6238), or a recovery code in its place.
Passkeys stand beside it (recovery/passkeys.py); recovery codes are one set for both.

A code counts once: what was used is an ever-growing number in the database, and of two who send the same code at the
same instant one is let in. Secrets are sealed; of recovery codes only hashes are kept. The clock is the server's.
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from hmac import compare_digest
from urllib.parse import quote, urlencode

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import connection, connections, transaction
from django.db.models import QuerySet

from recovery import access, audit, sealing, sessions
from recovery.errors import Refused
from recovery.models import RecoveryCode, User

PERIOD_S = 30
TOLERANCE = 1
"""Steps by which a telephone's clock may be off, to either side."""

KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LETTERS = 12
"""Of 31 letters: 59 bits, so that a hash without a salt of its own cannot be turned back by trying."""

_USED = """
    UPDATE mfa_authenticator
    SET data = jsonb_set(data, '{last_step}', to_jsonb(%(step)s::bigint)), last_used_at = %(now)s
    WHERE id = %(id)s AND coalesce((data->>'last_step')::bigint, -1) < %(step)s
"""

_SEALED_ANEW = """
    UPDATE mfa_authenticator SET data = jsonb_set(data, '{secret}', to_jsonb(%(anew)s::text))
    WHERE id = %(id)s AND data->>'secret' = %(sealed)s
"""


def new_secret() -> str:
    """160 random bits, as apps read them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, now: datetime) -> str:
    """What an app shows at this instant."""
    return format_hotp_value(hotp_value(secret, int(now.timestamp()) // PERIOD_S))


def address_of(secret: str, *, account: str, issuer: str) -> str:
    """What stands in the picture that an app takes."""
    label = quote(f"{issuer}:{account}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"


def all_of(user: User) -> QuerySet[Authenticator]:
    """Their app and their passkeys. Recovery codes stand in for these and are none by themselves."""
    return Authenticator.objects.filter(user=user, type__in=KINDS)


def is_set_up(user: User) -> bool:
    return all_of(user).exists()


def next_code(user: User, now: datetime) -> str:
    """The code that would be taken now: the next one, where the present one was used. For a demo, which shows it."""
    app = app_of(user)
    if app is None:
        return ""
    here = int(now.timestamp()) // PERIOD_S
    step = min(max(here, app.data.get("last_step", -1) + 1), here + TOLERANCE)
    return format_hotp_value(hotp_value(sealing.unseal(app.data["secret"]), step))


def owners(users: Sequence[User]) -> set[int]:
    """Those of them who have set one up."""
    rows = Authenticator.objects.filter(user__in=users, type__in=KINDS)
    return set(rows.values_list("user_id", flat=True))


def app_of(user: User) -> Authenticator | None:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step of time that this code is of, if it is one of those that count now."""
    here = int(now.timestamp()) // PERIOD_S
    for step in range(here - TOLERANCE, here + TOLERANCE + 1):
        if compare_digest(format_hotp_value(hotp_value(secret, step)), _digits(code)):
            return step
    return None


class SetUpElsewhere(Refused):
    """Whoever has a second factor adds to it and replaces it with both."""

    code = "set_up_elsewhere"
    message = "Your second factor was set up elsewhere meanwhile. Sign in again, with it."


def is_first(user: User, *, with_both: bool) -> bool:
    """Whether what is set up now will be their first. `with_both`: they gave both factors. Holds the person, so that of
    two who set up a first one at once the second is told. Raises SetUpElsewhere."""
    User.objects.select_for_update().get(pk=user.pk)
    if not is_set_up(user):
        return True
    if not with_both:
        raise SetUpElsewhere
    return False


@transaction.atomic
def set_up(
    *, user: User, secret: str, code: str, with_both: bool, keep: str | None, now: datetime
) -> list[str] | None:
    """Make this app the second factor, in place of an earlier one, and give new recovery codes; None: a wrong code.
    Raises SetUpElsewhere.

    Every other session of theirs ends: none is left that was opened without it. `keep` is the key of this one.
    """
    step = step_of(secret, code, now)
    if step is None:
        return None
    is_first(user, with_both=with_both)
    was_there = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()[0]
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.TOTP,
        data={"secret": sealing.seal(secret), "last_step": step},
        created_at=now,
        last_used_at=now,
    )
    sessions.end_all(user=user, but=keep, now=now)
    what = "replaced second factor" if was_there else "set up second factor"
    audit.record_account(what=what, now=now, user=user, by=user)
    return write_codes(user)


@transaction.atomic
def give(*, user: User, secret: str, now: datetime) -> None:
    """Make the app that holds this secret their second factor, without a word of theirs: for a demo."""
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": sealing.seal(secret)}, created_at=now
    )


@transaction.atomic
def new_codes(*, user: User, now: datetime) -> list[str]:
    """Recovery codes in place of all earlier ones, to be shown this once."""
    User.objects.select_for_update().get(pk=user.pk)
    audit.record_account(what="made recovery codes", now=now, user=user, by=user)
    return write_codes(user)


def takes(*, user: User, typed: str, now: datetime) -> str | None:
    """Whether this is their second factor, once: "app", "recovery code", or None."""
    app = app_of(user)
    try:
        step = step_of(sealing.unseal(app.data["secret"]), typed, now) if app else None
    except sealing.CannotUnseal:  # its key is gone; recovery codes still count
        step = None
    if app is not None and step is not None:
        with connection.cursor() as cursor:
            cursor.execute(_USED, {"step": step, "now": now, "id": app.pk})
            return "app" if cursor.rowcount == 1 else None
    return "recovery code" if _use_code(user, typed, now) else None


def codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


@transaction.atomic
def forget(*, user: User) -> None:
    """Take it from somebody who has lost it. They are let in by nothing until they have set up another."""
    Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def seal_anew(*, database: str) -> tuple[int, int]:
    """After a change of SECRET_KEY: how many secrets were sealed under the new one, and how many cannot be read."""
    done, unreadable = 0, 0
    apps = Authenticator.objects.using(database).filter(type=Authenticator.Type.TOTP)
    for pk, sealed in list(apps.values_list("pk", "data__secret")):
        try:
            anew = sealing.sealed_anew(sealed.encode()).decode()
        except sealing.CannotUnseal:
            unreadable += 1
            continue
        with connections[database].cursor() as cursor:
            cursor.execute(_SEALED_ANEW, {"anew": anew, "id": pk, "sealed": sealed})
            done += cursor.rowcount
    return done, unreadable


@transaction.atomic
def _use_code(user: User, typed: str, now: datetime) -> bool:
    rows = RecoveryCode.objects.filter(user=user, code_hash=_hash(user, typed), used_at=None)
    if not rows.update(used_at=now):
        return False
    audit.record_account(what="used recovery code", now=now, user=user, by=user)
    return True


def write_codes(user: User) -> list[str]:
    """Within a transaction that says why: recovery codes in place of all earlier ones."""
    codes = ["".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS)) for _ in range(CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=_hash(user, code)) for code in codes)
    return ["-".join(code[start : start + 4] for start in range(0, CODE_LETTERS, 4)) for code in codes]


def _hash(user: User, code: str) -> str:
    letters = "".join(code.lower().replace("-", "").split())
    return access.hash_of(f"{user.uuid}:{letters}")


def _digits(typed: str) -> str:
    digits = "".join(typed.split())
    return digits if digits.isascii() else ""
