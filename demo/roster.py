"""Who is on call in the two clinics, and where they are told: on the mailbox that they sign in with, once verified."""

from collections.abc import Mapping
from datetime import time

from demo.clinics import DemoClinic
from recovery import clock, contacts, rota
from recovery.models import CareTeam, Contact, RotaShift, User

WORKDAYS, WEEKEND, ALL_DAYS = range(5), (5, 6), range(7)

ROTAS = {
    "NB": (
        (WORKDAYS, "08:00", "20:00", "ben.okafor", "meera.nair"),
        (WEEKEND, "08:00", "20:00", "meera.nair", "ingrid.solberg"),
        (ALL_DAYS, "20:00", "08:00", "ingrid.solberg", "ben.okafor"),
    ),
    "LK": (  # at night the urgent line answers
        (WORKDAYS, "07:00", "19:00", "cleo.ramirez", "ruth.goldberg"),
        (WEEKEND, "07:00", "19:00", "hank.dubois", "ruth.goldberg"),
    ),
}
"""By clinic: days, begin, end, first and second on call, by their e-mail."""


def plan(world: DemoClinic, team: CareTeam, users: Mapping[str, User]) -> None:
    """Once: whoever plays the demo may change it."""
    now = clock.now()
    for user in users.values():
        if not Contact.objects.filter(user=user).exists():
            mailbox = contacts.add_email(user=user, clinic=team.clinic, address=user.email, now=now)
            contacts.verify(contact=mailbox, now=now)
    if RotaShift.objects.filter(team=team).exists():
        return
    named = {email.partition("@")[0]: user for email, user in users.items()}
    by = next(users[member.email] for member in world.staff if member.role == "coordinator")
    for days, begins, ends, *people in ROTAS[world.key]:
        for level, who in zip(rota.LEVELS, people, strict=True):
            rota.plan_shifts(
                team_id=team.uuid,
                level=level,
                user_id=named[who].uuid,
                weekdays=days,
                begins=time.fromisoformat(begins),
                ends=time.fromisoformat(ends),
                by=by,
                now=now,
            )
