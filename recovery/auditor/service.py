"""Whether those who do the work are at work: the programs, by what they drained, and the canary, by what arrived."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.lookups import Exact

from recovery.auditor.findings import Found
from recovery.heartbeats import FRESH_S
from recovery.models import Canary, CanaryRun, Heartbeat
from recovery.notifications.lines import CHANNELS

PROGRAMS = ("watch", "worker", "canary", *(f"sender-{channel}" for channel in CHANNELS))
"""Who has to drain a row every few seconds, beside the auditor itself."""

ABSENT = Value(CanaryRun.Outcome.ABSENT.value)


def silent_programs(real: datetime, programs: Sequence[str] | None = None) -> Iterator[Found]:
    drained = dict(Heartbeat.objects.values_list("program", "drained_at"))
    for program in PROGRAMS if programs is None else programs:
        at = drained.get(program)
        if at is None or real - at > timedelta(seconds=FRESH_S):
            yield Found("program-silent", 0, None, program)


def absent_canaries(real: datetime) -> Iterator[Found]:
    """Where the last two were absent, or two rounds have passed and none arrived, whoever was to begin them."""
    since = real - timedelta(seconds=2 * settings.CANARY_EVERY_S + settings.CANARY_WITHIN_S + 30)
    runs = CanaryRun.objects.filter(clinic=OuterRef("clinic"))
    in_vain = runs.exclude(outcome="").order_by("-round").values("outcome")
    absent = Canary.objects.filter(
        Q(
            Exists(runs.filter(started_at__lte=since)),
            ~Exists(runs.filter(started_at__gt=since, outcome=CanaryRun.Outcome.ARRIVED)),
        )
        | Q(Exact(Subquery(in_vain[:1]), ABSENT), Exact(Subquery(in_vain[1:2]), ABSENT))
    )
    for pk, clinic in absent.values_list("pk", "clinic"):
        yield Found("canary-absent", pk, clinic)
