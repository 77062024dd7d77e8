"""What the pages show on which a patient's recovery is muted, paused or ended: how it stands, and who may do what."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery import access, episodes, silence
from recovery.alerts.moves import CLINICIANS
from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.finding import SERVICE_RULES, finding_of
from recovery.dashboard.screens.hands import whose
from recovery.dashboard.screens.patient_now import episode_of
from recovery.dashboard.screens.person import Person, person_of
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.screens.slots import Became, Felt, dues_of
from recovery.dashboard.wording import counted
from recovery.models import Alert, Episode, User


@dataclass(frozen=True, slots=True)
class Care:
    """Who it is about, and how the recovery stands. `running` says it in a sentence."""

    id: UUID
    person: Person
    clock: Clock
    place: Place
    status: str
    running: str
    may_mute: bool
    may_change: bool
    may_end: bool
    episode: Episode

    @property
    def is_active(self) -> bool:
        return self.status == Episode.Status.ACTIVE

    @property
    def is_paused(self) -> bool:
        return self.status == Episode.Status.PAUSED

    @property
    def has_ended(self) -> bool:
        return self.status == Episode.Status.ENDED


@dataclass(frozen=True, slots=True)
class Known:
    """A rule that has fired for this patient, by its latest alert. `why_not`: why it cannot be muted."""

    alert: UUID
    name: str
    tier: Tier
    felt: str
    state: str
    why_not: str

    @property
    def details(self) -> str:
        return f"{self.tier.label}, last reported {self.felt}; {self.state}"


@dataclass(frozen=True, slots=True)
class Running:
    """A mute that runs. `alert` is the latest of its rule."""

    pk: int
    alert: UUID
    name: str
    tier: Tier
    since: str
    until: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class MuteScreen:
    care: Care
    rules: list[Known]
    never: list[Known]
    running: list[Running]

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        return [(str(known.alert), known.name, known.details) for known in self.rules]

    @property
    def seen(self) -> str:
        return ",".join(str(mute.pk) for mute in self.running)


@dataclass(frozen=True, slots=True)
class Open:
    """What is still open of a recovery, in words; `alerts` with their pages."""

    alerts: list[Known]
    mutes: list[Running]
    refused: int

    @property
    def seen(self) -> str:
        """A word for the open alerts: it changes when one opens, ends or is raised."""
        told = [(alert.alert, int(alert.tier)) for alert in self.alerts]
        return sha256(repr(told).encode()).hexdigest()[:16]

    @property
    def words(self) -> str:
        """What somebody who ends the recovery has to know; empty without open alerts."""
        if not self.alerts:
            return ""
        stay = counted(len(self.alerts), "alert stays open", "alerts stay open")
        return f"I know that {stay} until somebody closes {'it' if len(self.alerts) == 1 else 'them'}"


def care_of(user: User, episode_id: UUID, now: datetime, *, clocks: type[Clock] = Clock) -> Care:
    """Raises Episode.DoesNotExist for a stranger. Three queries."""
    episode = episode_of(user, episode_id)
    roles = set(access.memberships(user).filter(team_id=episode.team_id).values_list("role", flat=True))
    clock = clocks(now, ZoneInfo(episode.clinic.time_zone))
    return Care(
        id=episode.uuid,
        person=person_of(episode, now),
        clock=clock,
        place=place_of(episode, episode.ended_at or now),
        status=episode.status,
        running=_running_words(episode, clock),
        may_mute=bool(roles & CLINICIANS),
        may_change=bool(roles & episodes.MAY_CHANGE),
        may_end=bool(roles & episodes.MAY_END),
        episode=episode,
    )


def muting(user: User, episode_id: UUID, now: datetime) -> MuteScreen:
    """The rules that have fired for this patient, the latest first. Two queries more, however many alerts."""
    care = care_of(user, episode_id, now)
    latest = _latest_of_each_rule(user, care.episode)
    known = [_known(alert, care.clock) for alert in latest]
    return MuteScreen(
        care=care,
        rules=[one for one in known if not one.why_not],
        never=[one for one in known if one.why_not],
        running=list(_mutes(care.episode, latest, care.clock)),
    )


def open_of(user: User, care: Care) -> Open:
    """Three queries."""
    latest = _latest_of_each_rule(user, care.episode)
    refused = access.quarantine(user).filter(episode=care.episode, reviewed_at=None)
    return Open(
        alerts=[_known(alert, care.clock) for alert in _live(latest)],
        mutes=list(_mutes(care.episode, latest, care.clock)),
        refused=refused.count(),
    )


def resumed_from(user: User, care: Care) -> str:
    """What would be expected of the patient if the recovery were resumed now. One query."""
    reports = access.check_ins(user).filter(episode=care.episode, withdrawn_at=None)
    felt = [
        Felt(care.episode.hours_at(row.effective_at), row.completed)
        for row in reports.only("effective_at", "status")
    ]
    protocol = protocols.get(care.episode.protocol)
    for due in dues_of(care.episode, protocol, felt, pauses=(), now=care.clock.now):
        if due.became is Became.OPEN:
            return f"The next check-in is due now, until {care.clock.moment(due.closes_at)}."
        if due.became is Became.LATER:
            return f"The next check-in is due from {care.clock.moment(due.opens_at)}."
    ends_at = silence.Watched.of(care.episode).ends_at
    if ends_at > care.clock.now:
        return f"No check-in is left; the recovery ends at {care.clock.moment(ends_at)}."
    return "No check-in is left, so the recovery then ends by itself."


def _running_words(episode: Episode, clock: Clock) -> str:
    if episode.ended_at is not None:
        return f"The recovery ended at {clock.moment(episode.ended_at)}."
    pause = next((pause for pause in episode.pauses.all() if pause.until_at is None), None)
    if pause is not None:
        return f"Paused since {clock.moment(pause.from_at)}: {pause.reason or 'no reason recorded'}"
    return "Check-ins are expected by the schedule, and silence is noticed."


def _latest_of_each_rule(user: User, episode: Episode) -> list[Alert]:
    alerts = access.alerts(user).filter(episode=episode).with_owner().select_related("latest_assessment")
    latest = {alert.rule: alert for alert in alerts.order_by("pk")}
    return sorted(latest.values(), key=lambda alert: alert.latest_assessment.effective_at, reverse=True)


def _live(alerts: Iterable[Alert]) -> list[Alert]:
    live = [alert for alert in alerts if alert.status in Alert.LIVE]
    return sorted(live, key=lambda alert: (-alert.tier, alert.tier_at, alert.pk))


def _known(alert: Alert, clock: Clock) -> Known:
    return Known(
        alert=alert.uuid,
        name=finding_of(alert).name,
        tier=Tier(alert.tier),
        felt=clock.moment(alert.latest_assessment.effective_at),
        state=_state(alert, clock),
        why_not=_why_not(alert),
    )


def _state(alert: Alert, clock: Clock) -> str:
    if alert.ended_at is not None:
        return f"ended {clock.moment(alert.ended_at)}"
    return f"open, {whose(alert)}"


def _why_not(alert: Alert) -> str:
    if alert.tier >= Tier.EMERGENCY:
        return "an emergency is never muted"
    if alert.rule in SERVICE_RULES:
        return "a report that nobody has read cannot be expected"
    if alert.rule not in protocols.get_or_default(alert.latest_assessment.protocol).rules:
        return "the protocol no longer knows this rule"
    return ""


def _mutes(episode: Episode, latest: Iterable[Alert], clock: Clock) -> Iterator[Running]:
    """Those that run, the soonest over first."""
    of_rule = {alert.rule: alert for alert in latest}
    running = episode.mutes.filter(ended_at=None, from_at__lte=clock.now, until_at__gt=clock.now)
    for mute in running.select_related("by").order_by("until_at", "pk"):
        alert = of_rule[mute.rule]
        yield Running(
            pk=mute.pk,
            alert=alert.uuid,
            name=finding_of(alert).name,
            tier=Tier(mute.tier),
            since=clock.moment(mute.from_at),
            until=clock.moment(mute.until_at),
            by=mute.by.name,
            reason=mute.reason,
        )
