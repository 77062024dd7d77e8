"""The only road to patient rows. What a user may reach follows from the care teams they belong to now; what a phone may
reach, from its token. Whoever is a stranger gets an empty queryset, and so a 404 that looks like any other."""

import hashlib
from collections.abc import Iterator
from typing import Self, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, Model, OuterRef, QuerySet

from recovery import statements
from recovery.clinical.tiers import Tier
from recovery.models import (
    Alert,
    AlertEvent,
    CareTeam,
    CheckIn,
    Clinic,
    DeviceToken,
    Episode,
    Membership,
    Quarantine,
    User,
)


class AlertQuerySet(QuerySet[Alert]):
    def live(self) -> Self:
        return self.filter(status__in=Alert.LIVE)

    def for_board(self) -> Self:
        """What is worked on: worst tier first, then the longest waiting. Routine alerts are reviewed elsewhere."""
        return self._shown().filter(tier__gte=Tier.WITHIN_24H).order_by("-tier", "tier_at", "id")

    def for_review(self) -> Self:
        """The routine list, oldest first: read on the next working day."""
        return self._shown().filter(tier=Tier.ROUTINE).order_by("opened_at", "id")

    def with_owner(self) -> Self:
        """With what `has_left` asks for."""
        there = Membership.objects.filter(
            user=OuterRef("owner"), team=OuterRef("team"), ended_at=None, user__is_active=True
        )
        return self.select_related("owner").annotate(owner_is_there=Exists(there))

    def _shown(self) -> Self:
        return (
            self.live()
            .with_owner()
            .select_related(
                "episode__patient", "episode__clinic", "owner", "asked", "team", "latest_assessment"
            )
        )


def has_left(alert: Alert) -> bool:
    """Whether who took it on does not belong to its team any more: then it is in nobody's hands. Of an alert that was
    read by `with_owner`."""
    return alert.owner_id is not None and not alert.owner_is_there  # type: ignore[attr-defined]


def phone(token: str) -> DeviceToken | None:
    """The phone that holds this token, with its episode and clinic; None when unknown or revoked.

    One prepared statement, because it runs with every request of a phone.
    """
    row = statements.fetch_one(_PHONE, [hash_of(token)])
    if row is None:
        return None
    parts = tuple(
        model.from_db("default", fields, row[start : start + len(fields)]) for model, fields, start in _PARTS
    )
    device, episode, clinic = cast(tuple[DeviceToken, Episode, Clinic], parts)
    device.episode, episode.clinic = episode, clinic
    return device


def is_revoked(token: str) -> bool:
    """Whether the token was good once: the phone then tells its patient to call, instead of asking for a code."""
    return DeviceToken.objects.filter(token_hash=hash_of(token), revoked_at__isnull=False).exists()


def hash_of(secret: str) -> str:
    """SHA-256 in hex. Enough for secrets of 40 random bits behind a lock, or of 256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def memberships(user: User | AnonymousUser) -> QuerySet[Membership]:
    if not user.is_authenticated or not user.is_active:
        return Membership.objects.none()
    return Membership.objects.filter(user=user, ended_at=None)


def membership_roles(user: User | AnonymousUser) -> set[str]:
    return set(memberships(user).values_list("role", flat=True))


def teams(user: User | AnonymousUser) -> QuerySet[CareTeam]:
    return CareTeam.objects.filter(pk__in=memberships(user).values("team"))


def episodes(user: User | AnonymousUser) -> QuerySet[Episode]:
    return Episode.objects.filter(team__in=memberships(user).values("team"))


def alerts(user: User | AnonymousUser) -> AlertQuerySet:
    return AlertQuerySet(Alert).filter(team__in=memberships(user).values("team"))


def alert_events(user: User | AnonymousUser) -> QuerySet[AlertEvent]:
    return AlertEvent.objects.filter(alert__team__in=memberships(user).values("team"))


def check_ins(user: User | AnonymousUser) -> QuerySet[CheckIn]:
    return CheckIn.objects.filter(episode__team__in=memberships(user).values("team"))


def quarantine(user: User | AnonymousUser) -> QuerySet[Quarantine]:
    return Quarantine.objects.filter(episode__team__in=memberships(user).values("team"))


def _columns(*models_: type[Model]) -> Iterator[tuple[type[Model], list[str], int]]:
    """Which part of a row of several tables belongs to which model: the model, its fields, where they start."""
    start = 0
    for model in models_:
        fields = [field.attname for field in model._meta.concrete_fields]
        yield model, fields, start
        start += len(fields)


_PARTS = list(_columns(DeviceToken, Episode, Clinic))
_PHONE = """
    SELECT {columns}
    FROM recovery_devicetoken
    JOIN recovery_episode ON recovery_episode.id = recovery_devicetoken.episode_id
    JOIN recovery_clinic ON recovery_clinic.id = recovery_devicetoken.clinic_id
    WHERE recovery_devicetoken.token_hash = %s AND recovery_devicetoken.revoked_at IS NULL
""".format(
    columns=", ".join(f"{model._meta.db_table}.{field}" for model, fields, _ in _PARTS for field in fields)
)
