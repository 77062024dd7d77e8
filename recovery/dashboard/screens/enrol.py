"""What the pages of enrolling show: the teams to choose from, the sheet for the patient, and who still needs one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, Q
from django.urls import reverse

from recovery import access, enrolment, reachability
from recovery.clinical import protocol as protocols
from recovery.dashboard.charts.qr import Qr, qr
from recovery.dashboard.screens.person import Person, person_of
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.wording import clinic_day
from recovery.models import CareTeam, Episode, User

LATELY = timedelta(days=14)
MOST_WAITING = 200
MOST_SHEETS = 50


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of paper for the patient, or for `helper`. The code stands on it and nowhere else."""

    person: Person
    procedure: str
    clinic: str
    team: str
    helper: str
    code: str
    qr: Qr
    address: str
    good_until: str
    next_by: str
    team_phone: str
    urgent_line: str
    emergency_number: str
    crisis_line: str
    night_cover: bool
    call_now_if: list[str]


@dataclass(frozen=True, slots=True)
class Ready:
    """Before a sheet is printed: who it is, what was left out when they were enrolled, which codes are about."""

    id: UUID
    clock: Clock
    person: Person
    team: str
    has_ended: bool
    phones: int
    unused: int
    left_out: list[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Enrolled, and no phone reports yet."""

    id: UUID
    person: Person
    team: str
    enrolled: str
    printed: str

    @property
    def key(self) -> str:
        """As a form names it."""
        return str(self.id)


def teams_of(user: User) -> list[CareTeam]:
    return list(access.teams(user).select_related("clinic").order_by("clinic__name", "name"))


def nights(teams: Sequence[CareTeam], now: datetime) -> list[tuple[str, str]]:
    """What is to be known of the night before anything is typed: each team that there is something of, and what. One
    team of one clinic needs no name."""
    said = reachability.outlook(teams, now=now)
    return [(team.name if len(teams) > 1 else "", said[team.pk]) for team in teams if team.pk in said]


def sheet_of(user: User, episode_id: UUID, code: str, now: datetime, *, helper: str = "") -> Sheet:
    """`helper` is the caregiver whose phone the code is for. Raises Episode.DoesNotExist for a stranger. The code
    stands in the part of the address that browsers keep to themselves: no server and no log sees it."""
    episode = access.episodes(user).select_related("patient", "clinic", "team").get(uuid=episode_id)
    clinic, zone = episode.clinic, ZoneInfo(episode.time_zone)
    address = f"{settings.BASE_URL}{reverse('phone:page')}"
    due_at = episode.next_due_at
    return Sheet(
        person=person_of(episode, now),
        procedure=f"{Episode.Procedure(episode.procedure).label} on {clinic_day(episode.procedure_at, zone)}",
        clinic=clinic.name,
        team=episode.team.name,
        helper=helper,
        code=code,
        qr=qr(f"{address}#code={code}"),
        address=address.removeprefix("https://"),
        good_until=_on_paper(now + enrolment.CODE_LIFE, zone),
        next_by=_on_paper(due_at, zone) if due_at and due_at > now else "",
        team_phone=clinic.team_phone,
        urgent_line=clinic.urgent_line,
        emergency_number=clinic.emergency_number,
        crisis_line=clinic.crisis_line,
        night_cover=clinic.night_cover,
        call_now_if=list(protocols.get(episode.protocol).call_now_if.values()),
    )


def _on_paper(instant: datetime, zone: ZoneInfo) -> str:
    """For example "14:12 on Friday 6 March": what is today when it is printed is not when it is read."""
    local = instant.astimezone(zone)
    return f"{local:%H:%M} on {local:%A} {local.day} {local:%B}"


def ready(user: User, episode_id: UUID, now: datetime) -> Ready:
    """Raises Episode.DoesNotExist for a stranger."""
    episode = (
        access.episodes(user)
        .select_related("patient", "clinic", "team")
        .annotate(phones=Count("devices", filter=Q(devices__revoked_at=None)))
        .get(uuid=episode_id)
    )
    return Ready(
        id=episode.uuid,
        clock=Clock(now, ZoneInfo(episode.clinic.time_zone)),
        person=person_of(episode, now),
        team=episode.team.name,
        has_ended=episode.status == Episode.Status.ENDED,
        phones=episode.phones,
        unused=enrolment.unused_codes(episode, now=now).count(),
        left_out=_left_out(episode),
    )


def waiting(user: User, now: datetime) -> list[Waiting]:
    """Running recoveries begun lately of which no phone has ever reported, the newest first. One query."""
    episodes = (
        access.episodes(user)
        .exclude(status=Episode.Status.ENDED)
        .filter(started_at__gte=now - LATELY)
        .select_related("patient", "clinic", "team")
        .annotate(phones=Count("devices"), printed_at=Max("enrolment_codes__created_at"))
        .filter(phones=0)
        .order_by("-started_at", "pk")[:MOST_WAITING]
    )
    return [_waiting(episode, episode.printed_at, now) for episode in episodes]


def _waiting(episode: Episode, printed_at: datetime | None, now: datetime) -> Waiting:
    clock = Clock(now, ZoneInfo(episode.clinic.time_zone))
    return Waiting(
        id=episode.uuid,
        person=person_of(episode, now),
        team=episode.team.name,
        enrolled=clock.moment(episode.started_at),
        printed=clock.moment(printed_at) if printed_at else "",
    )


def _left_out(episode: Episode) -> list[str]:
    """What judging will miss, in words, while there is still somebody in the room to ask."""
    items = protocols.get(episode.protocol).baseline_form
    baseline = episode.baseline or {}
    left_out = []
    if episode.time_estimated:
        left_out.append("The time when the procedure ended: hours are counted from the start of the day.")
    if "anticoagulant" in episode.risk_factors and episode.blood_thinner_restart_h is None:
        left_out.append("When the blood thinner is to start again.")
    if not baseline:
        left_out.append("How it was before the procedure: “the same as before” cannot be judged.")
    elif missing := [
        item.short for item in items.values() if item.show_when is None and item.link_id not in baseline
    ]:
        left_out.append(f"Of how it was before the procedure: {', '.join(missing)}.")
    if not episode.patient.phone:
        left_out.append("The patient's own telephone number.")
    return left_out
