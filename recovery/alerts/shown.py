from datetime import datetime

from django.db.models import F
from django.db.models.functions import Greatest

from recovery.models import Alert, Patient


def show_anew(*, patient: Patient, now: datetime) -> None:
    """What a board shows of this patient has changed, though none of their alerts has: boards that are open draw them
    again. Called in the transaction of the change."""
    live = Alert.objects.filter(episode__patient=patient, status__in=Alert.LIVE).order_by("pk")
    ids = list(live.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    Alert.objects.filter(pk__in=ids).update(changed_at=Greatest(F("changed_at"), now))
