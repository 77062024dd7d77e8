"""People on call, and channels that work or do not."""

from datetime import datetime, time, timedelta
from typing import Any

from recovery import rota
from recovery.models import CareTeam, Contact, RotaOverride, RotaShift, User
from tests.factories import T0

ALL_DAYS = range(7)


def shifts(
    team: CareTeam,
    user: User,
    begins: str = "08:00",
    ends: str = "08:00",
    *,
    by: User,
    days: Any = ALL_DAYS,
    level: int = rota.FIRST,
    now: datetime = T0,
) -> list[RotaShift]:
    """On all days, around the clock, unless something else is said."""
    return rota.plan_shifts(
        team_id=team.uuid,
        level=level,
        user_id=user.uuid,
        weekdays=days,
        begins=time.fromisoformat(begins),
        ends=time.fromisoformat(ends),
        by=by,
        now=now,
    )


def override(
    team: CareTeam, user: User, from_at: datetime, hours: float, *, by: User, **options: Any
) -> RotaOverride:
    return rota.plan_override(
        **{
            "team_id": team.uuid,
            "level": rota.FIRST,
            "user_id": user.uuid,
            "from_at": from_at,
            "until_at": from_at + timedelta(hours=hours),
            "by": by,
            "now": T0,
        }
        | options
    )


def channel(team: CareTeam, user: User, **fields: Any) -> Contact:
    """A mailbox that was verified an hour before time zero, unless something else is said."""
    return Contact.objects.create(
        **{
            "clinic": team.clinic,
            "user": user,
            "channel": "email",
            "address": f"{user.uuid}@pager.example",
            "line": "email",
            "created_at": T0 - timedelta(days=1),
            "verified_at": T0 - timedelta(hours=1),
        }
        | fields
    )
