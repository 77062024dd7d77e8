"""What an alert is told when the patient changes an answer or takes a report back (specification 6.7), when what was
missed came late, or is not missed by a changed procedure time: it stays open, with a note, once for each report and
revision. In whatever order things come to be flagged."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max

from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Assessment, CheckIn

CHANGED = AlertEvent.Kind.CHANGED
REPORTED = (AlertEvent.Kind.OPENED, AlertEvent.Kind.JOINED, AlertEvent.Kind.RAISED)


def note_changes(assessment: Assessment, *, now: datetime) -> None:
    """Asked whenever a report was flagged: an earlier revision may be flagged after the one that takes it back."""
    if assessment.silent_slot is not None:
        _note_late(assessment, now=now)
    if assessment.check_in_id is None:
        return
    check_in = CheckIn.objects.get(pk=assessment.check_in_id)
    if check_in.withdrawn_at is not None:
        note_withdrawal(check_in, now=now)
    elif check_in.revision > 1:
        _note_correction(check_in, now=now)


def note_withdrawal(check_in: CheckIn, *, now: datetime) -> None:
    """On each live alert that a report of this check-in opened, joined or raised."""
    touched = Alert.objects.filter(
        status__in=Alert.LIVE, events__assessment__check_in=check_in, events__kind__in=REPORTED
    )
    noted = AlertEvent.objects.filter(
        kind=CHANGED, assessment__check_in=check_in, detail__withdrawn=True
    ).values("alert")
    verdict = Assessment.objects.get(check_in=check_in, is_current=True)
    _note(touched.exclude(pk__in=noted).distinct(), verdict, now=now, withdrawn=True)


def _note_correction(check_in: CheckIn, *, now: datetime) -> None:
    """On each live alert of which an earlier revision said more than the latest one ever did. What the latest one lost
    only because the record or an earlier report changed is no answer that the patient changed."""
    latest = Assessment.objects.filter(check_in=check_in, revision=check_in.revision)
    if latest.filter(is_current=True, tier=None).exists():
        return  # nobody knows yet what it says
    says: dict[str, Tier] = {}
    for finding in (each for findings in latest.values_list("findings", flat=True) for each in findings):
        says[finding["rule"]] = max(Tier.of(finding["tier"]), says.get(finding["rule"], Tier.NONE))
    said = AlertEvent.objects.filter(
        alert__status__in=Alert.LIVE,
        kind__in=REPORTED,
        assessment__check_in=check_in,
        assessment__revision__lt=check_in.revision,
    )
    noted = AlertEvent.objects.filter(
        kind=CHANGED, assessment__check_in=check_in, assessment__revision=check_in.revision
    )
    highest = said.exclude(alert__in=noted.values("alert")).values("alert", "alert__rule")
    milder = [
        row["alert"]
        for row in highest.annotate(highest=Max("tier"))
        if says.get(row["alert__rule"], Tier.NONE) < row["highest"]
    ]
    verdict = Assessment.objects.get(check_in=check_in, is_current=True)
    _note(Alert.objects.filter(pk__in=milder), verdict, now=now)


def _note_late(silence: Assessment, *, now: datetime) -> None:
    """On each live alert that the silence of this slot opened, joined or raised: the slot was filled after all, or the
    procedure time was changed and it closes at another instant."""
    if silence.findings or silence.tier is None:
        return
    own = Assessment.objects.filter(episode=silence.episode_id, silent_slot=silence.silent_slot)
    if own.filter(pk__gt=silence.pk).exists():
        return
    before = own.filter(pk__lt=silence.pk).order_by("-pk").first()
    moved = before is not None and before.effective_at != silence.effective_at
    touched = Alert.objects.filter(
        status__in=Alert.LIVE,
        episode=silence.episode_id,
        events__assessment__silent_slot=silence.silent_slot,
        events__kind__in=REPORTED,
    )
    detail = {"procedure_moved": True} if moved else {"received_late": True}
    _note(touched.distinct(), silence, now=now, **detail)


def _note(alerts: Iterable[Alert], verdict: Assessment, *, now: datetime, **detail: bool) -> None:
    told = list(alerts)
    AlertEvent.objects.bulk_create(
        AlertEvent(
            clinic_id=alert.clinic_id, alert=alert, kind=CHANGED, at=now, assessment=verdict, detail=detail
        )
        for alert in told
    )
    Alert.objects.filter(pk__in=[alert.pk for alert in told]).update(changed_at=now)
