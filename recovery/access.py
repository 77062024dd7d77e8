"""The only road to patient rows. What a user may reach follows from the care teams they belong to now; what a phone may
reach, from its token: the patient's own reaches its episode, a caregiver's what the patient shares with them. Whoever
is a stranger gets an empty queryset, and so a 404 that looks like any other."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from recovery import statements, tenancy
from recovery.clinical.tiers import Tier
from recovery.models import (
    Alert,
    AlertEvent,
    Assessment,
    Caregiver,
    CareTeam,
    CheckIn,
    CheckInRevision,
    Clinic,
    Contact,
    DeviceToken,
    Episode,
    EpisodeEvent,
    Letter,
    Membership,
    Patient,
    Quarantine,
    User,
)
from recovery.rows import Joined

ANSWER_FOR = (Membership.Role.ADMIN, Membership.Role.DOCTOR)
"""Who serves the rights of a team's patients."""


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

    One prepared statement, because it runs with every request of a phone; the first of each. From then on its clinic is
    in reach, and no other.
    """
    row = statements.fetch_first(
        _PHONE, [hash_of(token)], opens=lambda row: tenancy.clinic(row[_CLINIC_OF_PHONE])
    )
    if row is None:
        return None
    found = _PHONE_ROW.models(row)
    device: DeviceToken = found["device"]
    device.episode, device.episode.clinic = found["episode"], found["clinic"]
    return device


def signed_out_phone(token: str) -> DeviceToken | None:
    """The phone whose token was good once: it tells its patient to call, and what it sends goes to the care team to
    read. None when unknown, or when the token is good."""
    tenancy.enter(tenancy.by_phone(hash_of(token)))
    devices = DeviceToken.objects.select_related("episode__clinic")
    return devices.filter(token_hash=hash_of(token), revoked_at__isnull=False).first()


class Shared(Enum):
    """How far what a door of the API shows or does is open to caregivers' phones."""

    NOT = "the patient alone"
    WITH_READERS = "and caregivers who may read"
    WITH_ALL = "and every caregiver"


def is_shared_with(device: DeviceToken, shared: Shared) -> bool:
    if device.caregiver_id is None or shared is Shared.WITH_ALL:
        return True
    return shared is Shared.WITH_READERS and may_read_all(device)


def may_read_all(device: DeviceToken) -> bool:
    """Whether the phone's holder may read what others reported and what came of it: the patient, and a caregiver whom
    the patient lets. As it stands now."""
    if device.caregiver_id is None:
        return True
    return Caregiver.objects.filter(pk=device.caregiver_id, scope=Caregiver.Scope.READ).exists()


def readable_by(device: DeviceToken) -> QuerySet[CheckIn]:
    """The check-ins that the phone's holder may read: of the whole episode, or those that they sent themselves."""
    ours = CheckIn.objects.filter(episode=device.episode_id)
    return ours if may_read_all(device) else ours.filter(caregiver=device.caregiver_id)


def reports_of_anybody(device: DeviceToken) -> QuerySet[CheckIn]:
    """All check-ins of the episode, whoever sent them: to tell when, and by which phone. A caregiver has to know
    whether one is due; what was answered is for `readable_by`."""
    return CheckIn.objects.filter(episode=device.episode_id)


def may_change(device: DeviceToken, check_in: CheckIn) -> bool:
    """Whether the phone's holder may correct or take it back: the patient each of their own episode, a caregiver what
    they sent themselves."""
    if check_in.episode_id != device.episode_id:
        return False
    return device.caregiver_id is None or check_in.caregiver_id == device.caregiver_id


def holder(device: DeviceToken) -> Caregiver | None:
    """The caregiver whose phone it is; None for the patient's own."""
    return Caregiver.objects.get(pk=device.caregiver_id) if device.caregiver_id else None


def caregivers_of_patient(device: DeviceToken) -> QuerySet[Caregiver]:
    """Who has the consent of the patient whose phone it is. On a caregiver's phone: nobody."""
    if device.caregiver_id is not None:
        return Caregiver.objects.none()
    return Caregiver.objects.filter(episode=device.episode_id, revoked_at=None)


def caregivers_ended_by(device: DeviceToken) -> QuerySet[Caregiver]:
    """Whose consent may be ended on this phone: any on the patient's, on a caregiver's their own."""
    live = Caregiver.objects.filter(episode=device.episode_id, revoked_at=None)
    return live if device.caregiver_id is None else live.filter(pk=device.caregiver_id)


def phones_seen_by(device: DeviceToken) -> QuerySet[DeviceToken]:
    """The phones that may report now and that the phone's holder may sign out: all of the episode for the patient, a
    caregiver's own for a caregiver."""
    live = DeviceToken.objects.filter(episode=device.episode_id, revoked_at=None)
    return live if device.caregiver_id is None else live.filter(caregiver=device.caregiver_id)


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


def contacts(user: User | AnonymousUser) -> QuerySet[Contact]:
    """Where they themselves are told."""
    return Contact.objects.filter(user=user) if user.is_authenticated else Contact.objects.none()


def letters_to(user: User | AnonymousUser) -> QuerySet[Letter]:
    """What they themselves were sent about no alert."""
    return Letter.objects.filter(user=user) if user.is_authenticated else Letter.objects.none()


def clinics(user: User | AnonymousUser) -> QuerySet[Clinic]:
    """Those that they work for."""
    return Clinic.objects.filter(teams__memberships__in=memberships(user)).distinct()


def administered_teams(user: User | AnonymousUser) -> QuerySet[CareTeam]:
    """Every team of the clinics that the user administers: for their names and rotas, not for their patients."""
    clinics = memberships(user).filter(role=Membership.Role.ADMIN).values("team__clinic")
    return CareTeam.objects.filter(clinic__in=clinics, canary=None)


def episodes(user: User | AnonymousUser) -> QuerySet[Episode]:
    return Episode.objects.filter(team__in=memberships(user).values("team"), erased_at=None)


def episodes_answered_for(user: User | AnonymousUser) -> QuerySet[Episode]:
    """Those whose patients' rights the user serves: of teams that they administer, or are a doctor of."""
    answers_for = memberships(user).filter(role__in=ANSWER_FOR).values("team")
    return Episode.objects.filter(team__in=answers_for, erased_at=None)


def answers_for(user: User) -> Exists:
    """The same as a column of an episode."""
    return Exists(memberships(user).filter(team=OuterRef("team"), role__in=ANSWER_FOR))


def alerts(user: User | AnonymousUser) -> AlertQuerySet:
    return AlertQuerySet(Alert).filter(team__in=memberships(user).values("team"))


def on_board(user: User, ids: Sequence[int]) -> list[Alert]:
    """Those of these alerts that live and are of the user's teams, in no order, with all that the board shows of them.

    One prepared statement: the planner takes longer over eight tables than reading the rows takes.
    """
    return [_shown(row) for row in statements.fetch_all(_ON_BOARD, {"alerts": list(ids), "user": user.pk})]


def _shown(row: Sequence[Any]) -> Alert:
    found = _BOARD_ROW.models(row)
    alert: Alert = found["alert"]
    alert.episode, alert.team, alert.latest_assessment = found["episode"], found["team"], found["latest"]
    alert.episode.patient, alert.episode.clinic = found["patient"], found["clinic"]
    alert.owner, alert.asked = found["owner"], found["asked"]
    alert.owner_is_there = row[_BOARD_ROW.width]  # type: ignore[attr-defined]
    return alert


def alert_events(user: User | AnonymousUser) -> QuerySet[AlertEvent]:
    return AlertEvent.objects.filter(alert__team__in=memberships(user).values("team"))


def told_of_alerts(
    episode: Episode, ids: Collection[int], kinds: Collection[AlertEvent.Kind]
) -> list[Mapping[str, Any]]:
    """What colleagues did about these alerts of an episode, in order, each with their role in its team: for the phone
    that reports for it."""
    if not ids:
        return []
    roles = Membership.objects.filter(user=OuterRef("by"), team=episode.team_id).order_by(
        "-started_at", "-pk"
    )
    events = AlertEvent.objects.filter(
        alert__in=ids, clinic=episode.clinic_id, kind__in=kinds, by__isnull=False
    )
    with_roles = events.annotate(role=Subquery(roles.values("role")[:1])).order_by("id")
    return [*with_roles.values("alert_id", "kind", "at", "by__name", "role", "detail")]


def phones(user: User | AnonymousUser) -> QuerySet[DeviceToken]:
    return DeviceToken.objects.filter(episode__team__in=memberships(user).values("team"))


def with_answerers(check_ins: QuerySet[CheckIn]) -> QuerySet[CheckIn]:
    """With who gave each, and each revision before it."""
    revisions = Prefetch("revisions", CheckInRevision.objects.select_related("caregiver"))
    return check_ins.select_related("caregiver").prefetch_related(revisions)


def caregivers(user: User | AnonymousUser) -> QuerySet[Caregiver]:
    return Caregiver.objects.filter(episode__team__in=memberships(user).values("team"))


def episode_events(user: User | AnonymousUser) -> QuerySet[EpisodeEvent]:
    return EpisodeEvent.objects.filter(episode__team__in=memberships(user).values("team"))


def check_ins(user: User | AnonymousUser) -> QuerySet[CheckIn]:
    return CheckIn.objects.filter(episode__team__in=memberships(user).values("team"))


def quarantine(user: User | AnonymousUser) -> QuerySet[Quarantine]:
    return Quarantine.objects.filter(episode__team__in=memberships(user).values("team"))


_PHONE_ROW = Joined(device=DeviceToken, episode=Episode, clinic=Clinic, each="(found.{})")
_CLINIC_OF_PHONE = _PHONE_ROW.place("clinic")
_PHONE = f"SELECT {_PHONE_ROW.columns} FROM recovery_phone(%s) found"  # nosec B608  (columns are the models' own)

_COLLEAGUE = (User, ("id", "uuid", "name"))
_BOARD_ROW = Joined(
    alert=Alert, episode=Episode, patient=Patient, clinic=Clinic, team=CareTeam, latest=Assessment,
    owner=_COLLEAGUE, asked=_COLLEAGUE,
)  # fmt: skip
_ON_BOARD = f"""
    SELECT {_BOARD_ROW.columns}, EXISTS (
        SELECT FROM recovery_membership there
        WHERE there.user_id = alert.owner_id AND there.team_id = alert.team_id AND there.ended_at IS NULL
          AND owner.is_active)
    FROM recovery_alert alert
    JOIN recovery_episode episode ON episode.id = alert.episode_id
    JOIN recovery_patient patient ON patient.id = episode.patient_id
    JOIN recovery_clinic clinic ON clinic.id = episode.clinic_id
    JOIN recovery_careteam team ON team.id = alert.team_id
    JOIN recovery_assessment latest ON latest.id = alert.latest_assessment_id
    LEFT JOIN recovery_user owner ON owner.id = alert.owner_id
    LEFT JOIN recovery_user asked ON asked.id = alert.asked_id
    WHERE alert.id = ANY(%(alerts)s::bigint[]) AND alert.status IN ('open', 'acknowledged')
      AND alert.team_id IN (SELECT team_id FROM recovery_membership WHERE user_id = %(user)s AND ended_at IS NULL)
"""  # nosec B608  (columns are the models' own)
