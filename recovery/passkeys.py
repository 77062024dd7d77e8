"""Passkeys (WebAuthn) as the second factor of staff, beside the app or in its place: a key in a device or on a stick
signs a challenge, and signs it for no page but ours.

A key counts once for each number that it counts: one that counts behind where it was has been copied. Of a key its
public half is kept, so there is nothing to seal. How a browser is asked stands in recovery/dashboard/ceremony.py.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from django.db.models import QuerySet

from recovery import audit, second_factor, sessions
from recovery.errors import Refused
from recovery.models import User

MOST = 10
LETTERS = 60
"""Of the name that somebody gives a key of theirs."""

UNNAMED = "Passkey"

_USED = """
    UPDATE mfa_authenticator
    SET data = jsonb_set(data, '{counter}', to_jsonb(%(counter)s::bigint)), last_used_at = %(now)s
    WHERE id = %(id)s
      AND ((data->>'counter')::bigint < %(counter)s OR ((data->>'counter')::bigint = 0 AND %(counter)s = 0))
"""


class PasskeyRefused(Refused):
    code = "passkey_refused"


def of(user: User) -> QuerySet[Authenticator]:
    """Theirs, the oldest first."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by(
        "created_at", "pk"
    )


@transaction.atomic
def add(
    *,
    user: User,
    name: str,
    credential: dict[str, Any],
    counter: int,
    with_both: bool,
    keep: str | None,
    now: datetime,
) -> list[str]:
    """Make this key a second factor of theirs. Raises PasskeyRefused, second_factor.SetUpElsewhere.

    With the first one come recovery codes, and every other session of theirs ends: none is left that was opened
    without a second factor. `keep` is the key of this one.
    """
    is_first = second_factor.is_first(user, with_both=with_both)
    keys = list(of(user))
    if len(keys) >= MOST:
        raise PasskeyRefused(f"You have {MOST} passkeys. Remove one that you do not use, then add this one.")
    if any(key.data["credential"]["rawId"] == credential["rawId"] for key in keys):
        raise PasskeyRefused("This passkey is one of yours already.")
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"uuid": str(uuid4()), "name": name or UNNAMED, "counter": counter, "credential": credential},
        created_at=now,
    )
    audit.record_account(what="added passkey", now=now, user=user, by=user)
    if not is_first:
        return []
    sessions.end_all(user=user, but=keep, now=now)
    return second_factor.write_codes(user)


def counts(*, key: Authenticator, counter: int, now: datetime) -> bool:
    """Whether a key that has signed counts on from where it was. Those that do not count say 0 each time."""
    with connection.cursor() as cursor:
        cursor.execute(_USED, {"counter": counter, "now": now, "id": key.pk})
        return bool(cursor.rowcount == 1)


@transaction.atomic
def remove(*, user: User, key_id: UUID, keep: str | None, now: datetime) -> None:
    """Take a key away, and end every other session of theirs: whoever has the key may have opened one. The last second
    factor stays. `keep` is the key of this session."""
    User.objects.select_for_update().get(pk=user.pk)
    key = of(user).get(data__uuid=str(key_id))
    if not second_factor.all_of(user).exclude(pk=key.pk).exists():
        raise PasskeyRefused(
            "This is your only second factor. Set up an authenticator app or another passkey first, then remove it."
        )
    key.delete()
    sessions.end_all(user=user, but=keep, now=now)
    audit.record_account(what="removed passkey", now=now, user=user, by=user)
