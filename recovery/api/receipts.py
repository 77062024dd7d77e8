"""Stored check-ins as a phone sees them."""

from typing import Any
from zoneinfo import ZoneInfo

from recovery import verdicts
from recovery.api.documents import CheckIn, Line, Receipt
from recovery.checkins import Receipt as Taken
from recovery.clinical.timeline import day_number
from recovery.models import Assessment, Episode
from recovery.models import CheckIn as CheckInRow


def receipt(taken: Taken, episode: Episode) -> Receipt:
    return Receipt(
        id=taken.check_in_id,
        revision=taken.revision,
        status=taken.status,
        received_at=taken.received_at,
        **_verdict(taken.assessment, episode),
    )


def check_in(row: CheckInRow, assessment: Assessment, episode: Episode) -> CheckIn:
    return CheckIn(
        id=row.client_id,
        revision=row.revision,
        status=row.status,
        observed_at=row.observed_at,
        sent_at=row.sent_at,
        received_at=row.received_at,
        clock_suspect=row.clock_suspect,
        answered_by=row.answered_by,
        caregiver=row.caregiver.name if row.caregiver else None,
        answers=row.answers,
        withdrawn_at=row.withdrawn_at,
        **_verdict(assessment, episode),
    )


def _verdict(assessment: Assessment, episode: Episode) -> dict[str, Any]:
    told = verdicts.for_patient(episode=episode, assessment=assessment)
    return {
        "urgency": told.tier.code,
        "action": told.action,
        "lines": tuple(Line(rule=line.rule, text=line.text) for line in told.lines),
        "notes": told.notes,
        "footer": told.footer,
        "hours": round(assessment.hours, 2),
        "day": day_number(episode.procedure_at, assessment.effective_at, ZoneInfo(episode.time_zone)),
        "phase": assessment.phase,
    }
