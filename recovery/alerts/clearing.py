"""When an alert ends by itself: the clearing policies C2, C3 and C4 of specification 8.

Cleared is a property of what is stored, not of what arrived last: it counts the completed check-ins felt after the
latest one with the finding. So the order of arrival does not matter.
"""

from contextlib import suppress
from datetime import datetime

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Trunc

from recovery.alerts import moves, policy
from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Assessment, CheckIn, CheckInRevision, Episode

WITHOUT_FINDING = {"C2": 2, "C3": 1, "C4": 1}
"""How many completed check-ins in a row without the finding end an alert. C1 never ends by itself."""


REPORTED = (AlertEvent.Kind.OPENED, AlertEvent.Kind.JOINED, AlertEvent.Kind.RAISED)


def resolve_cleared(*, episode: Episode, now: datetime) -> None:
    """End the episode's alerts that its check-ins have cleared. An alert at same_day or above never ends by itself.

    Asked whenever something was flagged, whatever it was: a half-finished report may come after those that clear it.
    """
    rules = protocols.get(episode.protocol).rules
    below = Alert.objects.filter(episode=episode, status__in=Alert.LIVE, tier__lt=Tier.SAME_DAY)
    for alert in below.select_related("episode"):
        clears = policy.of(alert)
        if clears not in WITHOUT_FINDING:
            continue
        cleared = _heard(alert) if rules[alert.rule].timer else _without(alert) >= WITHOUT_FINDING[clears]
        if cleared:
            with suppress(moves.NotAllowed):  # somebody closed it meanwhile
                moves.move("resolve", alert, now=now, detail={"by_policy": clears}, ended_at=now)


def _completed(episode_id: int) -> QuerySet[CheckIn]:
    return CheckIn.objects.filter(episode_id=episode_id, status=CheckIn.Status.COMPLETED, withdrawn_at=None)


def _heard(alert: Alert) -> bool:
    """Whether a check-in was completed since the silence was judged. A correction of an old one does not count, but
    the rest of a half-finished one does."""
    judged_at = alert.latest_assessment.judged_at
    finished = Q(revisions__reason=CheckInRevision.Reason.FINISHED, revisions__superseded_at__gt=judged_at)
    return _completed(alert.episode_id).filter(Q(received_at__gt=judged_at) | finished).exists()


def _without(alert: Alert) -> int:
    """Completed check-ins felt later than the latest report that has the finding, or that had it when it was told.

    Those of one minute count once: a report that was read by hand may come again from the phone, under its own id.
    INCOMPLETE (C4) also clears by its own check-in, once a correction answers the blanks.
    """
    current = Assessment.objects.filter(
        episode_id=alert.episode_id, is_current=True, check_in__withdrawn_at=None
    )
    holding = current.filter(findings__contains=[{"rule": alert.rule}], check_in__isnull=False)
    last = holding.aggregate(at=Max("effective_at"))["at"]
    reported = alert.events.aggregate(at=Max("assessment__effective_at", filter=Q(kind__in=REPORTED)))["at"]
    completed = _completed(alert.episode_id).filter(assessments__in=current.filter(tier__isnull=False))
    later = completed.filter(effective_at__gt=last) if last else completed
    since = Q(effective_at__gte=reported) if alert.rule == "INCOMPLETE" else Q(effective_at__gt=reported)
    return later.filter(since).values(minute=Trunc("effective_at", "minute")).distinct().count()
