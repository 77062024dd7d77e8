"""What is owed: to staff of their own teams, with the patients they may see; to whoever operates the service of all, in
numbers alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from recovery import owed, retention
from recovery.audit import reading
from recovery.clinical import protocol as protocols
from recovery.dashboard.screens.person import Person, person_of
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.wording import span
from recovery.models import User
from recovery.owed import Item, Owed, Service

LATE = timedelta(minutes=2)
"""What the service owes is late after this. What people owe has targets of its own, on the board."""

OURS = {
    "watch": "the service (watch)",
    "senders": "the service (senders)",
    "operator": "whoever operates the service",
    "care team": "the care team",
}
PROGRAMS = {
    "watch": "Looking for what is owed",
    "worker": "Working on what is sent to Celery",
    "canary": "The canary patients",
    "auditor": "The auditor",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is owed."""

    person: Person
    what: str
    url: str
    waits: str
    who: str


@dataclass(frozen=True, slots=True)
class Row:
    words: str
    count: int
    oldest: str
    owner: str
    late: bool
    lines: list[Line]
    more: int


@dataclass(frozen=True, slots=True)
class AtWork:
    words: str
    at_work: bool
    since: str


@dataclass(frozen=True, slots=True)
class Screen:
    """`kinds`, `canaries` and `kept` are for the operator."""

    rows: list[Row]
    nothing: list[str]
    programs: list[AtWork]
    silent: list[str]
    audited: str
    troubles: int
    is_operator: bool
    kinds: list[tuple[str, int]]
    canaries: list[tuple[str, str]]
    kept: list[tuple[str, str]]


def show(user: User, clock: Clock) -> Screen:
    operates = reading.is_operator(user)
    found = owed.everything(now=clock.now) if operates else owed.of_teams(user, now=clock.now)
    service = owed.service()
    programs = [_at_work(each.name, each.is_at_work, each.silent_s) for each in service.programs]
    return Screen(
        rows=[_row(each, clock.now) for each in found if each.count],
        nothing=[each.state.words for each in found if not each.count],
        programs=programs,
        silent=[each.words for each in programs if not each.at_work],
        audited=_audited(service),
        troubles=sum(count for _, count in service.defects),
        is_operator=operates,
        kinds=list(service.defects) if operates else [],
        canaries=_canaries(service) if operates else [],
        kept=_kept(clock.now) if operates else [],
    )


def _row(found: Owed, now: datetime) -> Row:
    since = found.oldest
    is_ours = found.state.owner in {"watch", "senders", "operator"}
    return Row(
        words=found.state.words,
        count=found.count,
        oldest=span(now - since) if since else "",
        owner=OURS[found.state.owner],
        late=is_ours and since is not None and now - since > LATE,
        lines=[
            Line(
                person=person_of(item.episode, now),
                what=_named(item),
                url=reverse("dashboard:alert", args=[item.alert])
                if item.alert
                else reverse("dashboard:patient", args=[item.episode.uuid]),
                waits=span(now - item.since) if item.since else "",
                who=item.who,
            )
            for item in found.items
        ],
        more=found.count - len(found.items) if found.items else 0,
    )


def _named(item: Item) -> str:
    protocol = protocols.get_or_default(item.episode.protocol)
    rule = protocol.rules.get(item.rule) or protocol.service_alerts.get(item.rule)
    return rule.name if rule else item.rule


def _at_work(name: str, at_work: bool, silent_s: float | None) -> AtWork:
    words = PROGRAMS.get(name) or f"Sending by {name.removeprefix('sender-')}"
    return AtWork(words, at_work, "never" if silent_s is None else _ago(silent_s))


def _audited(service: Service) -> str:
    return "" if service.audit is None else _ago(service.audit.age_s)


def _canaries(service: Service) -> list[tuple[str, str]]:
    return [
        (each.clinic, "never arrived" if each.age_s is None else f"arrived {_ago(each.age_s)}")
        for each in service.canaries
    ]


def _kept(now: datetime) -> list[tuple[str, str]]:
    """How old the oldest is of what is kept for a time."""
    return [
        (row.kind.words, span(now - row.oldest_at)) for row in retention.kept() if row.oldest_at is not None
    ]


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s ago" if seconds < 60 else f"{span(timedelta(seconds=seconds))} ago"
