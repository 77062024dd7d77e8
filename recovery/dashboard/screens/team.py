"""The page on which an administrator sees who is in the team, and who was asked to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recovery import staff
from recovery.dashboard.forms.team import RoleForm
from recovery.dashboard.wording import span
from recovery.models import CareTeam, Invitation, User


@dataclass(frozen=True, slots=True)
class Member:
    id: UUID
    name: str
    email: str
    role: str
    has_second_factor: bool
    is_me: bool
    form: RoleForm


@dataclass(frozen=True, slots=True)
class Auditor:
    id: UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Invited:
    id: UUID
    name: str
    email: str
    role: str
    lasts: str


@dataclass(frozen=True, slots=True)
class Team:
    team: CareTeam
    teams: Sequence[CareTeam]
    members: list[Member]
    auditors: list[Auditor]
    invited: list[Invited]


def show(user: User, chosen: str | None, now: datetime) -> Team | None:
    """The chosen team, or the first; None for whoever administers none."""
    teams = list(staff.administered(user).select_related("clinic").order_by("name", "pk"))
    team = next(
        (team for team in teams if str(team.uuid) == chosen), teams[0] if teams and not chosen else None
    )
    if team is None:
        return None
    rows = staff.members(team)
    without = staff.without_second_factor([row.user for row in rows])
    return Team(
        team=team,
        teams=teams,
        members=[
            Member(
                id=row.user.uuid,
                name=row.user.name,
                email=row.user.email,
                role=row.get_role_display(),
                has_second_factor=row.user_id not in without,
                is_me=row.user_id == user.pk,
                form=RoleForm(initial={"role": row.role}, auto_id=f"role-{row.user.uuid}-%s"),
            )
            for row in rows
        ],
        auditors=[
            Auditor(row.user.uuid, row.user.name, row.user.email) for row in staff.auditors(team.clinic)
        ],
        invited=[_invited(row, now) for row in staff.invitations(team, now)],
    )


def _invited(row: Invitation, now: datetime) -> Invited:
    role = "starts again" if row.renews else row.get_role_display()
    return Invited(row.uuid, row.name, row.email, role, span(row.expires_at - now))
