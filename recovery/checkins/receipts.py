"""What a phone gets for a report, and why a report may be refused."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from recovery import access
from recovery.errors import Refused
from recovery.models import Assessment, CheckIn, DeviceToken


class IdConflict(Refused):
    code = "id_conflict"
    message = "Another report was sent under this id before. Make a new check-in with an id of its own."


class StaleRevision(Refused):
    code = "stale_revision"
    message = "This check-in was changed meanwhile. Fetch it and correct its latest revision."


class Withdrawn(Refused):
    code = "withdrawn"
    message = "This check-in was withdrawn. Make a new check-in."


class WithdrawnBefore(Withdrawn):
    """What came is what was withdrawn: a late copy. It was judged when it came first, and says nothing new."""


class Busy(Refused):
    code = "twin_in_progress"
    message = "Another report is being taken at this moment. Send this one again in a second."


class Unknown(Refused):
    code = "not_found"
    message = "There is no such check-in. Send it as a new one."


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stored check-in with its verdict. `created` is False when the same id and content had been sent before."""

    check_in_id: UUID
    revision: int
    status: str
    received_at: datetime
    assessment: Assessment
    created: bool

    @classmethod
    def of(cls, check_in: CheckIn, assessment: Assessment, *, created: bool = False) -> "Receipt":
        return cls(
            check_in_id=check_in.client_id,
            revision=check_in.revision,
            status=check_in.status,
            received_at=check_in.received_at,
            assessment=assessment,
            created=created,
        )


def receipt(*, device: DeviceToken, client_id: UUID) -> Receipt:
    """A stored check-in with its current verdict. Raises Unknown, Withdrawn."""
    assessment = (
        Assessment.objects.filter(
            check_in__episode_id=device.episode_id, check_in__client_id=client_id, is_current=True
        )
        .select_related("check_in")
        .first()
    )
    if assessment is None or assessment.check_in is None:
        raise Unknown
    if assessment.check_in.withdrawn_at is not None:
        raise Withdrawn
    return Receipt.of(assessment.check_in, assessment)


def history(*, device: DeviceToken) -> QuerySet[CheckIn]:
    """What the phone's holder may read of its episode, newest first, withdrawn ones included."""
    return access.readable_by(device).order_by("-effective_at", "-id")
