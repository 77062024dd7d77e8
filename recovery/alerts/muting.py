"""Known and expected: a clinician mutes one rule for one patient until a date (specification 8)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from recovery.alerts.moves import CLINICIANS, NotAllowed, check_length, move, reach
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding
from recovery.clinical.tiers import Tier
from recovery.clinical.worse import is_worse
from recovery.local_time import clock_time
from recovery.models import Alert, AlertEvent, Episode, Mute, User

LONGEST = timedelta(weeks=12)
"""As long as a recovery: what is still expected then deserves to be looked at anew."""


@transaction.atomic
def mute(
    *,
    alert_id: UUID,
    until: datetime,
    reason: str,
    by: User,
    seen: Collection[int] | None = None,
    now: datetime,
) -> Mute:
    """Open no new alert for this rule and patient until then, unless it gets worse. The alert itself stays as it is.

    Refuses emergencies, a date that is past or too far off, and an empty reason. A mute of the same rule is replaced;
    with `seen`, the mutes that the person knew of, only one of those. The same again changes nothing.
    """
    alert = _reach(alert_id, by)
    known = _latest_finding(alert)
    if alert.tier >= Tier.EMERGENCY:
        raise NotAllowed("An emergency is never muted. Close the alert when it has been dealt with.")
    if known is None or alert.rule not in protocols.get_or_default(alert.latest_assessment.protocol).rules:
        raise NotAllowed("A report that nobody has read cannot be expected. Read it and close the alert.")
    if until <= now:
        raise NotAllowed("Choose a date that is still to come.")
    if until > now + LONGEST:
        latest = clock_time(now + LONGEST, alert.clinic.time_zone)
        raise NotAllowed(f"A rule is muted for at most twelve weeks. Choose a date before {latest}.")
    if not reason.strip():
        raise NotAllowed("Write why this is known and expected.")
    check_length(reason)
    running = _running(alert.episode, alert.rule, now=now)
    if running is not None:
        if (running.by_id, running.until_at, running.reason) == (by.pk, until, reason):
            return running
        if seen is not None and running.pk not in seen:
            until_at, since = (
                clock_time(at, alert.clinic.time_zone) for at in (running.until_at, running.from_at)
            )
            raise NotAllowed(f"{running.by.name} muted this until {until_at}. That was at {since}.")
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
    """End the mute of this alert's rule. Where there is none, nothing changes; when somebody else, or something worse,
    has ended it before, that is what is said."""
    alert = _reach(alert_id, by)
    if _end(episode=alert.episode, rule=alert.rule, now=now):
        move("mute", alert, by=by, now=now, detail={"ended": True})
    elif (ended := _ended_before(alert)) is not None and ended.by_id != by.pk:
        at = clock_time(ended.at, alert.clinic.time_zone)
        if ended.by is None:
            raise NotAllowed(f"Something worse was reported at {at}, and that ended this mute.")
        raise NotAllowed(f"{ended.by.name} ended this mute at {at}.")


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


def _reach(alert_id: UUID, by: User) -> Alert:
    """With the rule held until the transaction ends, by its latest alert: of two who mute it at once, the second sees
    what the first did."""
    alert = reach(alert_id, by, CLINICIANS)
    of_rule = Alert.objects.filter(episode=alert.episode_id, rule=alert.rule).order_by("-pk")
    list(of_rule.select_for_update(no_key=True).values_list("pk")[:1])
    return Alert.objects.select_related("clinic", "episode", "latest_assessment").get(pk=alert.pk)


def _running(episode: Episode, rule: str, *, now: datetime) -> Mute | None:
    running = Mute.objects.filter(episode=episode, rule=rule, ended_at=None, until_at__gt=now)
    return running.select_related("by").first()


def _ended_before(alert: Alert) -> AlertEvent | None:
    """The latest end of a mute of this rule, of this patient."""
    ends = AlertEvent.objects.filter(
        alert__episode=alert.episode_id,
        alert__rule=alert.rule,
        kind=AlertEvent.Kind.MUTED,
        detail__ended=True,
    )
    return ends.select_related("by").order_by("-id").first()


def _latest_finding(alert: Alert) -> Finding | None:
    for document in alert.latest_assessment.findings:
        if document["rule"] == alert.rule:
            return Finding.from_document(document)
    return None


def _end(*, episode: Episode, rule: str, now: datetime) -> int:
    return Mute.objects.filter(episode=episode, rule=rule, ended_at=None).update(ended_at=now)
