"""One alert, with everything that is needed to act on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from recovery import access, alerts, verdicts
from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens import alert_state
from recovery.dashboard.screens.alert_state import State
from recovery.dashboard.screens.body import Body, body_of
from recovery.dashboard.screens.case import rows_of
from recovery.dashboard.screens.earlier import EarlierAlerts, earlier_alerts_of
from recovery.dashboard.screens.explanation import Explanation, explanation_of
from recovery.dashboard.screens.finding import finding_of
from recovery.dashboard.screens.history import Event, events_of
from recovery.dashboard.screens.pain import Pain, pain_of
from recovery.dashboard.screens.person import Number, numbers_of
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.screens.report import Report, report_of
from recovery.dashboard.screens.row import Row
from recovery.dashboard.screens.told import Telling, telling_of
from recovery.dashboard.screens.words import Words, words_of
from recovery.dashboard.wording import clinic_day
from recovery.models import Alert, CheckIn, Episode, User


@dataclass(frozen=True, slots=True)
class Episodic:
    """The procedure and who it was done to."""

    procedure: str
    done: str
    levels: str
    risks: list[str]
    today: Place


@dataclass(frozen=True, slots=True)
class Screen:
    state: State
    about: Episodic
    numbers: list[Number]
    explanation: Explanation
    words: Words | None
    earlier: EarlierAlerts
    colleagues: list[User]
    report: Report | None
    newer: str
    body: Body | None
    pain: Pain
    events: list[Event]
    told: Telling
    others: list[Row]

    @property
    def worse(self) -> list[Row]:
        """Other open alerts of the patient that are more urgent than this one."""
        return [other for other in self.others if other.tier > self.state.row.tier]


def show(user: User, alert_id: UUID, now: datetime) -> Screen:
    """Raises Alert.DoesNotExist for a stranger. As many queries for a long history as for a short one."""
    alert = alert_state.load(user, alert_id)
    state, episode = alert_state.state(alert, user, now), alert.episode
    clock = state.clock
    check_ins = list(
        access.with_answerers(access.check_ins(user).filter(episode=episode)).order_by(
            "effective_at", "client_id"
        )
    )
    about = next((row for row in check_ins if row.pk == alert.latest_assessment.check_in_id), None)
    read = about or next((row for row in reversed(check_ins) if row.withdrawn_at is None), None)
    kept = alert.latest_assessment.quarantine
    events = alert.events.select_related("by", "assessment").order_by("id")
    return Screen(
        state=state,
        about=_episodic(episode, clock),
        numbers=numbers_of(episode),
        explanation=explanation_of(alert, clock),
        words=words_of(about, alert) if about else None,
        earlier=earlier_alerts_of(user, alert, clock),
        colleagues=whom_to_ask(alert, user) if state.may_close else [],
        report=_report(read, alert, clock) if read else None,
        newer=_newer(check_ins, alert, clock),
        body=body_of(kept, clock) if kept else None,
        pain=pain_of(episode, check_ins, marked=about, clock=clock),
        events=events_of(events, episode=episode, clock=clock),
        told=telling_of(alert, clock),
        others=_others(alert, user, state),
    )


def others_of(alert: Alert, user: User, chosen: Iterable[str]) -> list[tuple[UUID, str]]:
    """The other alerts of the patient that a contact may be recorded with: what is open, and what has ended since a
    page offered it."""
    among = Q(status__in=Alert.LIVE) | Q(uuid__in=[each for each in chosen if _is_uuid(each)])
    others = access.alerts(user).filter(among, episode=alert.episode).exclude(pk=alert.pk)
    return [
        (other.uuid, named(finding_of(other).name, Tier(other.tier)))
        for other in others.select_related("latest_assessment")
    ]


def named(name: str, tier: Tier) -> str:
    return f"{name} ({tier.label.lower()})"


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def whom_to_ask(alert: Alert, user: User) -> list[User]:
    """Whom the alert can be given to: whoever can take it on, but for oneself and for who has it."""
    return [row for row in alerts.colleagues(alert) if row.pk not in (user.pk, alert.owner_id)]


def _episodic(episode: Episode, clock: Clock) -> Episodic:
    known = protocols.get(episode.protocol).risk_factors
    done = clinic_day(episode.procedure_at, ZoneInfo(episode.time_zone))
    return Episodic(
        procedure=Episode.Procedure(episode.procedure).label,
        done=f"{done}, time not known"
        if episode.time_estimated
        else f"{done}, {clock.local(episode.procedure_at)}",
        levels=", ".join(episode.levels) or "levels not recorded",
        risks=[known[factor].label if factor in known else factor for factor in episode.risk_factors],
        today=place_of(episode, clock.now),
    )


def _report(check_in: CheckIn, alert: Alert, clock: Clock) -> Report:
    assessment = alert.latest_assessment
    is_about = assessment.check_in_id == check_in.pk
    return report_of(
        check_in,
        episode=alert.episode,
        protocol=protocols.get(assessment.protocol),
        findings=verdicts.findings_of(assessment) if is_about else (),
        clock=clock,
    )


def _newer(check_ins: list[CheckIn], alert: Alert, clock: Clock) -> str:
    """Later reports are not used to judge this one, but nobody should phone without knowing of them."""
    later = [
        row
        for row in check_ins
        if row.withdrawn_at is None and row.effective_at > alert.latest_assessment.effective_at
    ]
    return clock.moment(later[-1].effective_at) if later else ""


def _others(alert: Alert, user: User, state: State) -> list[Row]:
    others = access.alerts(user).for_board().filter(episode=alert.episode).exclude(pk=alert.pk)
    return rows_of(others, user=user, clinician_in=state.clinician_in, clock=state.clock)
