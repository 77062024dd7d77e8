"""Closing the loop: a patient who was told that somebody will act can see that somebody did, and what to do if not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recovery import access, verdicts
from recovery.alerts import telling
from recovery.alerts.targets import REACH
from recovery.api import documents
from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import Numbers, patient_text
from recovery.models import Alert, AlertEvent, Episode, Membership

MOST = 50

K = AlertEvent.Kind
TOLD = (K.ACKNOWLEDGED, K.CONTACTED, K.CLOSED, K.NOISE)
"""What somebody did that shows that they have seen it, or of which the patient is told."""

IF_MISSED = {
    Tier.SAME_DAY: ("urgent_line", "Nobody has called you in time. Do not wait. Call {urgent_line} now."),
    Tier.WITHIN_24H: (
        "team_phone",
        "Nobody has called you in time. Please call {team_phone}. If no one answers, call {urgent_line}.",
    ),
}


@dataclass(slots=True)
class Course:
    """What the care team did about one alert, of which the patient may know, since it is as urgent as it is: what was
    seen and said before it was raised was about something milder."""

    since: datetime
    seen_at: datetime | None = None
    role: str = ""
    name: str = ""
    tried_at: datetime | None = None
    message: str | None = None

    def add(self, event: Mapping[str, Any]) -> None:
        """The next event, in their order."""
        detail = event["detail"]
        self.message = detail.get("to_patient") or self.message
        if event["at"] < self.since or event["kind"] == K.NOISE:
            return
        if self.seen_at is None:
            self.seen_at, self.name = event["at"], event["by__name"]
            self.role = Membership.Role(event["role"]).label if event["role"] else "Care team"
        if event["kind"] == K.CONTACTED and not detail.get("reached"):
            self.tried_at = datetime.fromisoformat(detail["at"]) if "at" in detail else event["at"]


def own_alerts(episode: Episode, *, now: datetime) -> tuple[documents.Alert, ...]:
    """The alerts of an episode that the patient was told a call of, newest first. Two statements however many."""
    rows = list(
        episode.alerts.filter(tier__gte=Tier.WITHIN_24H)
        .select_related("first_assessment", "latest_assessment")
        .order_by("-opened_at", "-id")[:MOST]
    )
    courses = {row.pk: Course(row.tier_at) for row in rows}
    for event in access.told_of_alerts(episode, list(courses), TOLD):
        courses[event["alert_id"]].add(event)
    return tuple(_document(row, episode, courses[row.pk], now) for row in rows)


def _document(row: Alert, episode: Episode, course: Course, now: datetime) -> documents.Alert:
    numbers = verdicts.numbers_of(episode.clinic)
    due_by = _call_due_by(row)
    return documents.Alert(
        id=row.uuid,
        urgency=Tier(row.tier).code,
        text=_text(row, numbers),
        received_at=row.tier_at if row.tier_at > row.opened_at else row.first_assessment.judged_at,
        seen=_seen(course, episode),
        call_due_by=due_by,
        is_missed=due_by is not None and due_by < now,
        if_missed=_if_missed(row, numbers) if due_by else None,
        tried_at=course.tried_at if row.reached_at is None else None,
        reached_at=row.reached_at,
        closed=_closed(row, course, numbers),
    )


def _text(row: Alert, numbers: Numbers) -> str:
    """The lead text of the latest finding of the alert's rule."""
    protocol = protocols.get(row.latest_assessment.protocol)
    findings = verdicts.findings_of(row.latest_assessment)
    return next((patient_text(found, protocol, numbers) for found in findings if found.rule == row.rule), "")


def _seen(course: Course, episode: Episode) -> documents.Seen | None:
    """A name only where the clinic wants it."""
    if course.seen_at is None:
        return None
    name = course.name if episode.clinic.names_staff else None
    return documents.Seen(at=course.seen_at, by=course.role, name=name)


def _call_due_by(row: Alert) -> datetime | None:
    within = REACH.get(Tier(row.tier))
    if within is None or row.reached_at or row.ended_at:
        return None
    return row.tier_at + within


def _if_missed(row: Alert, numbers: Numbers) -> documents.IfMissed:
    number, text = IF_MISSED[Tier(row.tier)]
    return documents.IfMissed(text=numbers.filled_in(text), call=numbers.filled_in(f"{{{number}}}"))


def _closed(row: Alert, course: Course, numbers: Numbers) -> documents.Closed | None:
    if row.ended_at is None:
        return None
    is_settled = row.status == Alert.Status.RESOLVED
    words = telling.RESOLVED if is_settled else telling.OUTCOMES[Alert.Outcome(row.outcome)]
    return documents.Closed(
        at=row.ended_at,
        outcome="resolved" if is_settled else row.outcome,
        words=numbers.filled_in(words),
        message=course.message,
    )
