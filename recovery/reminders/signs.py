"""What a phone tells of itself beside its reports: that it lives, that a reminder was shown, that the form was opened.

Told twice it is told once: the first time stands. A phone's clock may be wrong, so nothing lies later than now. A
caregiver's phone gives no sign of the patient's, and none is noted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce

from recovery import audit, statements
from recovery.models import CheckIn, DeviceToken, Episode, Letter, PhoneSign, Reminder
from recovery.reminders.due import KIND

OFTEN = timedelta(minutes=5)
"""A phone whose page is open asks each minute; it is noted no more often than this."""

_HEARD = """
    INSERT INTO recovery_phonesign AS known (clinic_id, episode_id, heard_at, form_opened_at)
    VALUES (%(clinic)s, %(episode)s, %(now)s, %(opened_at)s)
    ON CONFLICT (episode_id) DO UPDATE SET
        heard_at = GREATEST(known.heard_at, excluded.heard_at),
        form_opened_at = GREATEST(known.form_opened_at, excluded.form_opened_at)
    WHERE known.heard_at < %(before)s::timestamptz
       OR excluded.form_opened_at > COALESCE(known.form_opened_at, '-infinity')
    RETURNING episode_id
"""


def heard(*, device: DeviceToken, now: datetime) -> None:
    """The phone has asked for something."""
    _note(device, now=now, opened_at=None)


@transaction.atomic
def form_opened(*, device: DeviceToken, at: datetime, now: datetime) -> datetime:
    """The patient has begun to answer. Returns when the form was last opened, as far as is known."""
    at = min(at, now)
    _note(device, now=now, opened_at=at)
    audit.record(
        what="opened form",
        now=now,
        clinic=device.clinic_id,
        device=device,
        subject=("episode", device.episode.uuid, None),
    )
    return at


def due_now(*, device: DeviceToken, now: datetime) -> Sequence[Reminder]:
    """The reminders that stand: of a check-in that is due and has not been sent. That an app has asked is noted."""
    heard(device=device, now=now)
    if device.episode.status != device.episode.Status.ACTIVE:
        return []
    standing = _of(device).filter(since__lte=now, expires_at__gt=now).exclude(Exists(_answers()))
    rows = list(standing.order_by("due_at"))
    unfetched = [row.pk for row in rows if row.fetched_at is None]
    if unfetched:
        Reminder.objects.filter(pk__in=unfetched, fetched_at=None).update(fetched_at=now)
    return rows


@transaction.atomic
def receipt(
    *, device: DeviceToken, reminder_id: UUID, shown_at: datetime, opened_at: datetime | None, now: datetime
) -> Reminder:
    """A reminder was shown, and perhaps tapped. Raises Reminder.DoesNotExist for one that is not this patient's."""
    heard(device=device, now=now)
    reminder = _of(device).get(uuid=reminder_id)
    first = {"fetched_at": now, "shown_at": min(shown_at, now)}
    if opened_at is not None:
        first["opened_at"] = min(opened_at, now)
    _of(device).filter(pk=reminder.pk).update(
        **{name: Coalesce(name, Value(at, DateTimeField())) for name, at in first.items()}
    )
    audit.record(what="saw reminder", now=now, clinic=device.clinic_id, device=device, subject=reminder)
    reminder.refresh_from_db()
    return reminder


def _of(device: DeviceToken) -> QuerySet[Reminder]:
    return Reminder.objects.filter(episode=device.episode_id)


def _answers() -> QuerySet[CheckIn]:
    return CheckIn.objects.filter(
        episode=OuterRef("episode"),
        status=CheckIn.Status.COMPLETED,
        withdrawn_at=None,
        effective_at__gte=OuterRef("since"),
    )


def _note(device: DeviceToken, *, now: datetime, opened_at: datetime | None) -> None:
    if device.caregiver_id is not None:
        return
    told = {
        "clinic": device.clinic_id,
        "episode": device.episode_id,
        "now": now,
        "opened_at": opened_at,
        "before": now - OFTEN,
    }
    statements.fetch_all(_HEARD, told)


def sign_of(episode: Episode) -> PhoneSign | None:
    """What is known of its phone beside its reports."""
    try:
        return episode.phone_sign
    except PhoneSign.DoesNotExist:
        return None


def letters_of(rows: Sequence[Reminder]) -> dict[str, str]:
    """What became of the letters of these reminders, by their key."""
    keys = [str(row.uuid) for row in rows]
    if not keys:
        return {}
    letters = Letter.objects.filter(clinic=rows[0].clinic_id, kind=KIND, key__in=keys)
    return dict(letters.values_list("key", "status"))
