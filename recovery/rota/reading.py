"""The plans of teams, read in one statement for however many of them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery import statements
from recovery.models import CareTeam, User
from recovery.rota.plan import OnCall, Override, Plan, Shift, Turn

# Indexes: shift_planned, override_planned, member_once_per_team.
_PLANS = """
    SELECT t.id, coalesce(nullif(t.time_zone, ''), c.time_zone) AS zone, NULL::smallint AS level,
           NULL::bigint AS user_id, NULL::text AS name, NULL::smallint AS weekday, NULL::smallint AS begins_min,
           NULL::smallint AS lasts_min, NULL::timestamptz AS from_at, NULL::timestamptz AS until_at
      FROM recovery_careteam t JOIN recovery_clinic c ON c.id = t.clinic_id
     WHERE t.id = ANY(%(teams)s::bigint[])
     UNION ALL
    SELECT team_id, NULL, level, user_id, NULL, weekday, begins_min, lasts_min, NULL, NULL
      FROM recovery_rotashift WHERE team_id = ANY(%(teams)s::bigint[]) AND ended_at IS NULL
     UNION ALL
    SELECT team_id, NULL, level, user_id, NULL, NULL, NULL, NULL, from_at, until_at
      FROM recovery_rotaoverride
     WHERE team_id = ANY(%(teams)s::bigint[]) AND ended_at IS NULL
       AND until_at > %(since)s AND from_at < %(until)s
     UNION ALL
    SELECT m.team_id, NULL, NULL, u.id, u.name, NULL, NULL, NULL, NULL, NULL
      FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
     WHERE m.team_id = ANY(%(teams)s::bigint[]) AND m.ended_at IS NULL AND u.is_active
"""


def plans(team_ids: Collection[int], *, since: datetime, until: datetime) -> dict[int, Plan]:
    """By team, with the overrides that hold between these instants. A team that does not exist has no plan."""
    zones = dict[int, str]()
    there: dict[int, dict[int, str]] = {team_id: {} for team_id in team_ids}
    shifts: dict[int, list[Shift]] = {team_id: [] for team_id in team_ids}
    overrides: dict[int, list[Override]] = {team_id: [] for team_id in team_ids}
    parameters = {"teams": sorted(set(team_ids)), "since": since, "until": until}
    for team, zone, level, user, name, weekday, begins, lasts, begin, end in statements.fetch_all(
        _PLANS, parameters
    ):
        if zone is not None:
            zones[team] = zone
        elif weekday is not None:
            shifts[team].append(Shift(level, user, weekday, begins, lasts))
        elif begin is not None:
            overrides[team].append(Override(level, user, begin, end))
        else:
            there[team][user] = name
    return {
        team: Plan(ZoneInfo(zone), shifts[team], overrides[team], there[team]) for team, zone in zones.items()
    }


def on_call(team_ids: Collection[int], *, now: datetime) -> dict[int, OnCall]:
    """Who is on call for each of these teams at this instant, in one statement.

    Only people who belong to the team now are named. Empty is a gap, or a team without a rota: tell everybody.
    """
    known = plans(team_ids, since=now, until=now + timedelta.resolution)
    return {team: known[team].at(now) if team in known else OnCall() for team in team_ids}


def gaps(team: CareTeam, since: datetime, until: datetime) -> list[Turn]:
    """When nobody is first on call, though the team has a rota."""
    known = plans([team.pk], since=since, until=until)
    return known[team.pk].gaps(since, until) if team.pk in known else []


def public_ids(user_ids: Collection[int]) -> dict[int, UUID]:
    """What colleagues are called outside of the database."""
    return dict(User.objects.filter(pk__in=user_ids).values_list("pk", "uuid"))
