"""What an alert is told when the patient takes a report back: it stays open, with a note."""

from datetime import datetime

from recovery.models import Alert, AlertEvent, CheckIn


def note_on_alerts(check_in: CheckIn, *, now: datetime) -> None:
    """Once for each live alert that a report of this check-in opened, joined or raised."""
    told = AlertEvent.objects.filter(kind=AlertEvent.Kind.CHANGED, detail__withdrawn=True)
    touched = Alert.objects.filter(events__assessment__check_in=check_in, status__in=Alert.LIVE)
    fresh = list(touched.exclude(pk__in=told.values("alert")).distinct())
    AlertEvent.objects.bulk_create(
        AlertEvent(
            clinic_id=alert.clinic_id,
            alert=alert,
            kind=AlertEvent.Kind.CHANGED,
            at=now,
            detail={"withdrawn": True},
        )
        for alert in fresh
    )
    Alert.objects.filter(pk__in=[alert.pk for alert in fresh]).update(changed_at=now)
