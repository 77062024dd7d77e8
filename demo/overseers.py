"""Who reaches no patient, or one alone: an auditor of each clinic, who operates the service, and somebody who helps the
patient whose phone the newcomer takes in hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from demo.newcomer import Newcomer
from demo.staff import Team, account, fresh_password
from recovery import caregivers, clock
from recovery.models import Caregiver, Clinic, Episode, Oversight

OPERATOR = ("Oda Lindqvist", "oda.lindqvist@recovery.example")
HELPER = caregivers.Wish(name="Robin Newcomer", relation="child", scope="read", wording=caregivers.WORDING)


@dataclass(frozen=True)
class Helper:
    name: str
    patient: str
    clinic: str
    scope: str
    code: str


def muster(teams: Sequence[Team]) -> list[dict[str, str]]:
    """How each signs in. They are made where they are missing, and have a new password at every start."""
    told = [_overseer(*team.world.auditor, "auditor", team.row.clinic) for team in teams]
    return [*told, _overseer(*OPERATOR, "operator", None)]


def let_help(team: Team, guest: Newcomer) -> Helper:
    """The team writes down once what the patient said; always a new code."""
    episode = Episode.objects.get(uuid=guest.episode)
    by, now = team.with_role("nurse")[0], clock.now()
    standing = Caregiver.objects.filter(episode=episode, revoked_at=None).order_by("pk").first()
    if standing is None:
        standing, code = caregivers.grant_by_staff(episode_id=episode.uuid, wish=HELPER, by=by, now=now)
    else:
        standing, code = caregivers.new_code_by_staff(
            episode_id=episode.uuid, caregiver_id=standing.uuid, by=by, now=now
        )
    return Helper(standing.name, guest.name, guest.clinic, standing.scope, code)


def _overseer(name: str, email: str, role: str, clinic: Clinic | None) -> dict[str, str]:
    password = fresh_password()
    user = account(name, email, password)
    Oversight.objects.get_or_create(
        user=user, role=role, clinic=clinic, ended_at=None, defaults={"started_at": clock.now()}
    )
    return {
        "email": email, "password": password, "clinic": clinic.name if clinic else "", "role": role, "name": name,
    }  # fmt: skip
