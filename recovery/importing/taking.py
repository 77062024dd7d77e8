"""A list is taken: all of its patients are enrolled in one transaction, or none."""

from datetime import datetime

from django.db import transaction

from recovery import audit, enrolment, reachability
from recovery.errors import Refused
from recovery.importing.plan import Plan, plan
from recovery.models import CareTeam, Episode, User


class ImportRefused(Refused):
    """Nothing was enrolled. `extra["plan"]` is how the list stands now, `extra["line"]` the line that it failed on."""

    code = "import_refused"


@transaction.atomic
def take(raw: bytes, *, team: CareTeam, by: User, now: datetime) -> list[Episode]:
    """Enrol everybody of the file who is not enrolled yet. The file is read and compared anew: what was shown of it
    may be old. Raises ImportRefused, or FileRefused, and then nobody is enrolled."""
    try:
        enrolment.none_runs_beside(team, alone=True)
    except enrolment.EnrolmentRefused as refusal:
        raise ImportRefused(refusal.message) from None
    planned: Plan = plan(raw, team=team, by=by, now=now)
    if planned.wrong:
        raise ImportRefused("Nobody was enrolled: some lines are wrong.", plan=planned)
    if planned.new and (trouble := reachability.night_trouble(team, now=now)):
        raise ImportRefused(f"Nobody was enrolled. {trouble}")
    episodes = []
    for line in planned.new:
        try:
            episodes.append(enrolment.enrol(team=team, by=by, now=now, **line.order))
        except enrolment.EnrolmentRefused as refusal:
            raise ImportRefused(f"Nobody was enrolled. Line {line.number}: {refusal.message}") from None
    audit.record(
        what="imported list of patients",
        now=now,
        clinic=team.clinic,
        user=by,
        subject=team,
        enrolled=len(episodes),
        known=len(planned.known),
    )
    return episodes
