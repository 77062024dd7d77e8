"""The hand-over sheet: what the next shift has to know, on paper if need be."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from recovery import access, episodes
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.case import Case, case_of, pressing, rows_of
from recovery.dashboard.screens.filters import is_silence
from recovery.dashboard.screens.finding import finding_of
from recovery.dashboard.screens.history import Event, events_of
from recovery.dashboard.screens.person import Number, Person, first_number, numbers_of, person_of
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.screens.pulse import Outline
from recovery.dashboard.targets import due
from recovery.dashboard.wording import span
from recovery.models import Alert, AlertEvent, CheckIn, EpisodeEvent, User

MOST = 200
"""Alerts on the sheet. More than that nobody hands over by reading; the sheet says how many are left out."""

TOLD_BY_COLLEAGUES = (AlertEvent.Kind.CONTACTED, AlertEvent.Kind.NOTED)


@dataclass(frozen=True, slots=True)
class Handed:
    """A case with whom to phone, and the last word of a colleague on each of its alerts and on the patient."""

    case: Case
    numbers: list[Number]
    words: list[Event]


@dataclass(frozen=True, slots=True)
class Call:
    """A patient who was told that somebody will call, and was not reached yet."""

    person: Person
    number: Number
    about: str
    episode: UUID
    by: str
    overdue: bool
    owners: str


@dataclass(frozen=True, slots=True)
class Silent:
    """A patient of whom nothing was heard when something was due."""

    person: Person
    number: Number
    what: str
    heard: str
    alert: UUID
    words: list[Event]


@dataclass(frozen=True, slots=True)
class Sheet:
    outline: Outline
    teams: list[str]
    written: str
    open: list[Handed]
    calls: list[Call]
    silent: list[Silent]
    beyond: int


@dataclass(frozen=True, slots=True)
class _Words:
    """The last word on each alert, and on each patient."""

    on_alerts: Mapping[int, AlertEvent]
    on_patients: Mapping[int, EpisodeEvent]
    clock: Clock

    def on(self, case: Sequence[Alert]) -> list[Event]:
        """On the alerts of one patient, at least one."""
        episode = case[0].episode
        said = [self.on_alerts[alert.pk] for alert in case if alert.pk in self.on_alerts]
        words = events_of(said, episode=episode, clock=self.clock)
        if note := self.on_patients.get(episode.pk):
            by = note.by.name if note.by else ""
            words.append(Event(self.clock.moment(note.at), "Note on the patient", by, note.reason))
        return words


def show(user: User, outline: Outline) -> Sheet:
    """As many statements for a full board as for an empty one."""
    clock = outline.clock
    alerts = list(access.alerts(user).for_board()[:MOST])
    by_episode: dict[int, list[Alert]] = defaultdict(list)
    for alert in sorted(alerts, key=pressing):
        by_episode[alert.episode_id].append(alert)
    words = _Words(_last_words(user, alerts), _last_notes(user, by_episode), clock)
    heard = _last_heard(user, by_episode)
    return Sheet(
        outline=outline,
        teams=list(access.teams(user).order_by("name").values_list("name", flat=True)),
        written=clock.moment(clock.now),
        open=[_handed(case, words, user, outline) for case in by_episode.values() if not _only_silent(case)],
        calls=_calls(by_episode.values(), user, clock),
        silent=[
            _silent(alert, heard.get(alert.episode_id), words) for alert in alerts if is_silence(alert.rule)
        ],
        beyond=max(outline.counts.board - MOST, 0),
    )


def _only_silent(case: Sequence[Alert]) -> bool:
    """Those stand in a list of their own."""
    return all(is_silence(alert.rule) for alert in case)


def _handed(case: Sequence[Alert], words: _Words, user: User, outline: Outline) -> Handed:
    rows = rows_of(case, user=user, clinician_in=outline.clinician_in, clock=outline.clock)
    return Handed(
        case=case_of(case[0].episode, rows, outline.clock),
        numbers=numbers_of(case[0].episode),
        words=words.on(case),
    )


def _last_words(user: User, alerts: Iterable[Alert]) -> dict[int, AlertEvent]:
    """What a colleague last wrote or did about each alert."""
    events = (
        access.alert_events(user)
        .filter(alert__in=[alert.pk for alert in alerts], kind__in=TOLD_BY_COLLEAGUES)
        .select_related("by", "assessment")
        .order_by("alert_id", "-id")
        .distinct("alert_id")
    )
    return {event.alert_id: event for event in events}


def _last_notes(user: User, episodes_: Iterable[int]) -> dict[int, EpisodeEvent]:
    """What a colleague last wrote about each patient, of no alert in particular."""
    notes = (
        access.episode_events(user)
        .filter(episode__in=list(episodes_), what=episodes.NOTE)
        .select_related("by")
    )
    latest = notes.order_by("episode_id", "-id").distinct("episode_id")
    return {note.episode_id: note for note in latest}


def _last_heard(user: User, episodes: Iterable[int]) -> dict[int, datetime]:
    heard = access.check_ins(user).filter(
        episode__in=list(episodes), withdrawn_at=None, status=CheckIn.Status.COMPLETED
    )
    return dict(heard.values("episode").annotate(at=Max("received_at")).values_list("episode", "at"))


def _calls(cases: Iterable[Sequence[Alert]], user: User, clock: Clock) -> list[Call]:
    """An open alert promises a call, by the target of its tier, until the patient was reached. One call for each
    patient, the soonest first."""
    promised = []
    for case in cases:
        owed = [(due_at, alert) for alert in case if (due_at := _call_due(alert)) is not None]
        if owed:
            promised.append((min(due_at for due_at, _ in owed), [alert for _, alert in owed]))
    promised.sort(key=lambda call: (call[0], call[1][0].pk))
    return [_call(due_at, alerts, user, clock) for due_at, alerts in promised]


def _call_due(alert: Alert) -> datetime | None:
    if is_silence(alert.rule):
        return None
    return due(Alert.Status.ACKNOWLEDGED, alert.tier, alert.tier_at, alert.reached_at)


def _call(due_at: datetime, alerts: Sequence[Alert], user: User, clock: Clock) -> Call:
    rows = rows_of(alerts, user=user, clinician_in=(), clock=clock)
    overdue = due_at < clock.now
    late = f", {span(clock.now - due_at)} overdue" if overdue else ""
    return Call(
        person=rows[0].person,
        number=rows[0].number,
        about="; ".join(row.name for row in rows),
        episode=rows[0].episode,
        by="at once" if alerts[0].tier == Tier.EMERGENCY else f"by {clock.moment(due_at)}{late}",
        overdue=overdue,
        owners=", ".join(sorted({row.owner or "nobody yet" for row in rows})),
    )


def _silent(alert: Alert, heard_at: datetime | None, words: _Words) -> Silent:
    clock = words.clock
    return Silent(
        person=person_of(alert.episode, clock.now),
        number=first_number(alert.episode),
        what=finding_of(alert).name,
        heard=f"Last heard {clock.moment(heard_at)}" if heard_at else "Never heard",
        alert=alert.uuid,
        words=words.on([alert]),
    )
