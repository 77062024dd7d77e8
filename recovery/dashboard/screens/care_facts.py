"""What the pages show on which something that is known of a patient is recorded or corrected."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recovery import access, checkins, verdicts
from recovery.clinical import protocol as protocols
from recovery.clinical.protocol import Protocol
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import Verdict, action_line
from recovery.dashboard.screens import patient_now
from recovery.dashboard.screens.care import Care, care_of
from recovery.dashboard.screens.finding import finding_of
from recovery.dashboard.screens.hands import whose
from recovery.dashboard.screens.patient_about import About, about_of
from recovery.dashboard.screens.person import Number, numbers_of
from recovery.dashboard.screens.place import Place, place_of
from recovery.models import Alert, AlertEvent, CheckIn, User

REPORTED = (AlertEvent.Kind.OPENED, AlertEvent.Kind.JOINED, AlertEvent.Kind.RAISED)


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands on record."""

    care: Care
    about: About
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """Before the questions: whom one has on the line, when they were heard last, and what cannot wait for the end."""

    care: Care
    protocol: Protocol
    numbers: list[Number]
    now: patient_now.Now
    may_record: bool
    the_same: str
    emergency: str
    emergency_if: list[str]


@dataclass(frozen=True, slots=True)
class Came:
    """An alert of this check-in, and who has it now."""

    id: UUID
    tier: Tier
    name: str
    state: str
    is_free: bool


@dataclass(frozen=True, slots=True)
class Told:
    """After them: what is read out, what was found, and what came of it."""

    care: Care
    numbers: list[Number]
    place: Place
    felt: str
    anchor: str
    is_finished: bool
    tier: Tier
    findings: list[str]
    told: Verdict
    is_owed: bool
    came: list[Came]
    may_take_on: bool

    @property
    def is_for_the_team(self) -> bool:
        """Whether the words send the patient to those who are on the telephone; 999 they call themselves."""
        return Tier.NONE < self.tier < Tier.EMERGENCY


def facts_of(user: User, episode_id: UUID, now: datetime) -> Facts:
    """Raises Episode.DoesNotExist for a stranger."""
    care = care_of(user, episode_id, now)
    return Facts(care, about_of(care.episode, care.clock), protocols.get(care.episode.protocol))


def call(user: User, episode_id: UUID, now: datetime) -> Call:
    """Raises Episode.DoesNotExist for a stranger."""
    care = care_of(user, episode_id, now)
    protocol = protocols.get(care.episode.protocol)
    numbers = verdicts.numbers_of(care.episode.clinic)
    return Call(
        care=care,
        protocol=protocol,
        numbers=numbers_of(care.episode),
        now=patient_now.state_of(user, episode_id, now, seen=""),
        may_record=checkins.may_write_down(care.episode, user),
        the_same=_the_same(protocol),
        emergency=action_line(Tier.EMERGENCY, protocol, numbers),
        emergency_if=list(protocol.call_now_if.values()),
    )


def _the_same(protocol: Protocol) -> str:
    """What the questions mean by "the same", in the words that the patient reads."""
    values = (value for item in protocol.questionnaire.items.values() for value in item.values)
    return next((value.help for value in values if value.code == "same" and value.help), "")


def told(user: User, episode_id: UUID, check_in_id: UUID, now: datetime) -> Told:
    """Raises Episode.DoesNotExist or CheckIn.DoesNotExist for a stranger."""
    care = care_of(user, episode_id, now)
    episode, clock = care.episode, care.clock
    check_in = access.check_ins(user).get(episode=episode, client_id=check_in_id)
    current = check_in.assessments.get(is_current=True)
    return Told(
        care=care,
        numbers=numbers_of(episode),
        place=place_of(episode, check_in.effective_at),
        felt=clock.moment(check_in.observed_at),
        anchor=f"check-in-{check_in.client_id}",
        is_finished=check_in.completed,
        tier=verdicts.tier_of(current),
        findings=[finding.name for finding in verdicts.findings_of(current)],
        told=verdicts.for_patient(episode=episode, assessment=current),
        is_owed=current.flagged_at is None,
        came=_came(user, check_in),
        may_take_on=checkins.may_write_down(episode, user),
    )


def _came(user: User, check_in: CheckIn) -> list[Came]:
    """The alerts that it opened, joined or raised, the worst first."""
    events = access.alert_events(user).filter(assessment__check_in=check_in, kind__in=REPORTED)
    alerts = (
        access.alerts(user)
        .with_owner()
        .filter(pk__in=events.values("alert"))
        .select_related("latest_assessment")
    )
    return [
        Came(
            alert.uuid,
            Tier(alert.tier),
            finding_of(alert).name,
            _state(alert),
            alert.status == Alert.Status.OPEN or access.has_left(alert),
        )
        for alert in alerts.order_by("-tier", "rule")
    ]


def _state(alert: Alert) -> str:
    return whose(alert) if alert.status in Alert.LIVE else "ended"
