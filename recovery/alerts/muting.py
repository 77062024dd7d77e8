"""Known and expected: a clinician mutes one rule for one patient until a date (specification 8)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from recovery.alerts.moves import CLINICIANS, NotAllowed, check_length, move, reach
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding
from recovery.clinical.tiers import Tier
from recovery.clinical.worse import is_worse
from recovery.models import Alert, Episode, Mute, User


@transaction.atomic
def mute(*, alert_id: UUID, until: datetime, reason: str, by: User, now: datetime) -> Mute:
    """Open no new alert for this rule and patient until then, unless it gets worse. The alert itself stays as it is.

    Refuses emergencies, a date that is past, and an empty reason. A mute of the same rule is replaced.
    """
    alert = reach(alert_id, by, CLINICIANS)
    known = _latest_finding(alert)
    if alert.tier >= Tier.EMERGENCY:
        raise NotAllowed("An emergency is never muted. Close the alert when it has been dealt with.")
    if known is None or alert.rule not in protocols.get_or_default(alert.latest_assessment.protocol).rules:
        raise NotAllowed("A report that nobody has read cannot be expected. Read it and close the alert.")
    if until <= now:
        raise NotAllowed("Choose a date that is still to come.")
    if not reason.strip():
        raise NotAllowed("Write why this is known and expected.")
    check_length(reason)
    _end(episode=alert.episode, rule=alert.rule, now=now)
    row = Mute.objects.create(
        clinic_id=alert.clinic_id,
        episode_id=alert.episode_id,
        rule=alert.rule,
        tier=known.tier,
        known=known.to_document(),
        from_at=now,
        until_at=until,
        by=by,
        reason=reason,
    )
    move("mute", alert, by=by, now=now, detail={"until": until.isoformat(), "note": reason})
    return row


@transaction.atomic
def unmute(*, alert_id: UUID, by: User, now: datetime) -> None:
    """End the mute of this alert's rule. Where there is none, nothing changes."""
    alert = reach(alert_id, by, CLINICIANS)
    if _end(episode=alert.episode, rule=alert.rule, now=now):
        move("mute", alert, by=by, now=now, detail={"ended": True})


def is_muted(finding: Finding, *, episode: Episode, now: datetime) -> bool:
    """Whether this finding is expected. One that is worse than what is known ends the mute and is not."""
    row = Mute.objects.filter(
        episode=episode, rule=finding.rule, ended_at=None, from_at__lte=now, until_at__gt=now
    ).first()
    if row is None:
        return False
    if finding.tier >= Tier.EMERGENCY or is_worse(finding, Finding.from_document(row.known)):
        _end(episode=episode, rule=finding.rule, now=now)
        muted = Alert.objects.filter(episode=episode, rule=finding.rule).latest("pk")
        move("mute", muted, now=now, detail={"ended": True})
        return False
    return True


def _latest_finding(alert: Alert) -> Finding | None:
    for document in alert.latest_assessment.findings:
        if document["rule"] == alert.rule:
            return Finding.from_document(document)
    return None


def _end(*, episode: Episode, rule: str, now: datetime) -> int:
    return Mute.objects.filter(episode=episode, rule=rule, ended_at=None).update(ended_at=now)
