"""The nightly check: every afternoon the watch looks at the night to come, puts down what it found, and writes to those
who can plan when nobody can be reached. The board shows it anyway, and until it is mended."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from recovery import rota, statements
from recovery.models import CareTeam, Contact, Membership, NightCheck
from recovery.notifications import letters
from recovery.reachability.tonight import Tonight, needs_cover, tonight

UNCOVERED = "night.uncovered"
"""The kind of the letter."""

# Index: team_night_check.
_DUE = """
    SELECT id FROM recovery_careteam WHERE next_night_check_at <= %(now)s
     ORDER BY next_night_check_at LIMIT %(limit)s
       FOR NO KEY UPDATE SKIP LOCKED
"""


@transaction.atomic
def check_due(*, limit: int, now: datetime) -> int:
    """The watch's turn: look at the night to come of each team whose time it is, and put down what was found. Returns
    how many teams."""
    due = [team_id for (team_id,) in statements.fetch_all(_DUE, {"now": now, "limit": limit})]
    if not due:
        return 0
    found = tonight(due, now=now)
    teams = CareTeam.objects.select_related("clinic").in_bulk(due)
    NightCheck.objects.bulk_create(
        [
            NightCheck(
                clinic_id=teams[team_id].clinic_id,
                team_id=team_id,
                night_on=here.night.on,
                checked_at=now,
                covered=here.covered,
                unreachable=len(here.unreachable),
            )
            for team_id, here in found.items()
        ],
        ignore_conflicts=True,
    )
    for team_id, here in found.items():
        if not here.covered and needs_cover(teams[team_id].clinic):
            _write(teams[team_id], here, now)
        CareTeam.objects.filter(pk=team_id).update(next_night_check_at=rota.next_look(here.plan.zone, now))
    return len(due)


def _write(team: CareTeam, here: Tonight, now: datetime) -> None:
    """To whoever can plan, or leads the team; where there is nobody of the kind, to all of it."""
    members = Membership.objects.filter(team=team, ended_at=None, user__is_active=True).select_related("user")
    planners = members.filter(Q(role__in=rota.MAY_PLAN) | Q(is_lead=True))
    people = [each.user for each in planners or members]
    contacts: dict[int, list[Contact]] = {person.pk: [] for person in people}
    for contact in Contact.objects.filter(
        user__in=people, clinic=team.clinic, verified_at__isnull=False, ended_at=None
    ).select_related("user"):
        contacts[contact.user_id].append(contact)
    for person in people:
        places = [letters.To.at(contact) for contact in contacts[person.pk]] or [letters.To.staff(person)]
        for place in places:
            letters.plan(
                UNCOVERED,
                key=f"{team.uuid}:{here.night.on}:{person.pk}:{place.contact.pk if place.contact else ''}",
                clinic=team.clinic,
                to=place,
                due_at=now,
                expires_at=here.night.until_at,
            )
