"""What was found and nobody can mend any more is accepted by whoever operates the service, with a reason: history that
was rewritten stays so. Its alarm ends. What is found elsewhere, changes, or is there again once it was gone is another.
"""

from datetime import datetime

from django.db import transaction

from recovery import audit, statements
from recovery.audit.reading import is_operator
from recovery.errors import Refused
from recovery.models import Assessment, Defect, Episode, User

_REPORT = """
    SELECT md5(concat_ws('|', c.answers, c.observed_at, c.revision, c.episode_id, c.withdrawn_at, (
        SELECT string_agg(concat_ws('|', v.id, v.revision, v.is_current, v.tier, v.findings), ',' ORDER BY v.id)
          FROM recovery_assessment v WHERE v.check_in_id = c.id)))
      FROM recovery_checkin c WHERE c.id = %s
"""
_VERDICT = "SELECT md5(concat_ws('|', tier, findings, flagged_at)) FROM recovery_assessment WHERE id = %s"
_ALERT = """
    SELECT md5(concat_ws('|', a.tier, a.status, a.owner_id, a.ended_at, a.ended_by_id, a.outcome, (
        SELECT string_agg(concat_ws('|', e.id, e.kind, e.tier), ',' ORDER BY e.id)
          FROM recovery_alertevent e WHERE e.alert_id = a.id)))
      FROM recovery_alert a WHERE a.id = %s
"""
_RECOVERY = "SELECT md5(concat_ws('|', status, ended_at)) FROM recovery_episode WHERE id = %s"

LASTING = {
    "report-altered": _REPORT,
    "revision-lost": _REPORT,
    "verdict-of-another-revision": _REPORT,
    "verdict-not-its-findings": _REPORT,
    "verdict-moved": _REPORT,
    "verdict-wrong": _REPORT,
    "red-flag-without-alert": _VERDICT,
    "alert-without-history": _ALERT,
    "alert-tier-changed": _ALERT,
    "alert-ended-by-nobody": _ALERT,
    "alert-taken-on-by-nobody": _ALERT,
    "ended-by-nobody": _RECOVERY,
}
"""What was ever stored, and a word for the rows that it is about, which turns when they change. What lives, is owed, or
is the service itself has to be mended, and is never accepted."""

LONGEST = 500


class DefectRefused(Refused):
    code = "defect_refused"


@transaction.atomic
def accept(*, defect_id: int, because: str, by: User, now: datetime) -> Defect:
    """Raises DefectRefused. The same again changes nothing."""
    defect = Defect.objects.select_for_update(of=("self",)).filter(pk=defect_id, gone_at=None).first()
    because = because.strip()
    if defect is None:
        raise DefectRefused(f"No defect {defect_id} stands. See which do: manage.py defects")
    if not by.is_active or not is_operator(by):
        raise DefectRefused("Only whoever operates the service accepts what the auditor has found.")
    if not 10 <= len(because) <= LONGEST:
        raise DefectRefused(
            f"Write why it is accepted, in 10 to {LONGEST} letters: it is what remains of it."
        )
    if defect.kind not in LASTING or _is_waited_for(defect):
        raise DefectRefused(f"{defect.kind} is no history: it has to be mended (docs/operations.md).")
    if defect.accepted_at is None:
        defect.accepted_at, defect.accepted_by, defect.accepted_because = now, by, because
        defect.accepted_as = as_it_is(defect)
        defect.save(update_fields=["accepted_at", "accepted_by", "accepted_because", "accepted_as"])
        audit.record(
            what="accepted defect",
            now=now,
            clinic=defect.clinic_id,
            user=by,
            defect=defect.pk,
            kind=defect.kind,
            place=defect.place,
            because=because,
        )
    return defect


def is_still_as_accepted(defect: Defect) -> bool:
    return defect.accepted_at is not None and defect.accepted_as == as_it_is(defect)


def as_it_is(defect: Defect) -> str:
    """Empty where the rows are gone."""
    row = statements.fetch_one(LASTING[defect.kind], [defect.place])
    return str(row[0]) if row else ""


def _is_waited_for(defect: Defect) -> bool:
    """A red flag that nobody was told of, of a recovery that still runs: the patient is to be called, and an alert
    opened."""
    if defect.kind != "red-flag-without-alert":
        return False
    return Assessment.objects.filter(pk=defect.place).exclude(episode__status=Episode.Status.ENDED).exists()
