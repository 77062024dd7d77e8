"""Who has a working channel: an address that was verified, and whose last test message was answered, or may still be.
The e-mail that somebody signs in with was never verified, and is none."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from recovery import statements

ANSWER_WITHIN = timedelta(hours=20)
"""A test message that nobody answered for this long has found a channel that is not working: shown in a day (O13)."""

PROOF_HOLDS = timedelta(days=40)
"""Tests are monthly. What nobody has answered for longer is not known to work."""

_WORKS = """
    {contact}.verified_at IS NOT NULL AND {contact}.ended_at IS NULL
    AND greatest({contact}.verified_at, {contact}.answered_at) > %(proved_after)s
    AND ({contact}.tested_at IS NULL OR {contact}.answered_at >= {contact}.tested_at
         OR {contact}.tested_at > %(tested_after)s)
"""
_REACHABLE = f"""
    SELECT DISTINCT c.user_id
      FROM recovery_contact c
     WHERE c.clinic_id = %(clinic)s AND c.user_id = ANY(%(users)s::bigint[]) AND {_WORKS.format(contact="c")}
"""  # nosec B608  (nothing in it comes from outside)
_REACHABLE_OF_TEAMS = f"""
    SELECT m.team_id, m.user_id, m.role IN ('nurse', 'doctor')
      FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id JOIN recovery_careteam t ON t.id = m.team_id
     WHERE m.team_id = ANY(%(teams)s::bigint[]) AND m.ended_at IS NULL AND u.is_active
       AND EXISTS (SELECT FROM recovery_contact c
                    WHERE c.user_id = m.user_id AND c.clinic_id = t.clinic_id AND {_WORKS.format(contact="c")})
"""  # nosec B608


_IN_VAIN = f"""
    SELECT c.user_id
      FROM recovery_contact c JOIN recovery_careteam t ON t.clinic_id = c.clinic_id
     WHERE t.id = %(team)s AND c.user_id = ANY(%(users)s::bigint[])
       AND c.verified_at IS NOT NULL AND c.ended_at IS NULL
     GROUP BY c.user_id HAVING NOT bool_or(coalesce({_WORKS.format(contact="c")}, false))
     UNION
    SELECT asked.id FROM unnest(%(users)s::bigint[]) AS asked (id)
     WHERE NOT EXISTS (SELECT FROM recovery_membership m
                        WHERE m.user_id = asked.id AND m.team_id = %(team)s AND m.ended_at IS NULL
                          AND m.role IN ('nurse', 'doctor'))
"""  # nosec B608


@dataclass(frozen=True, slots=True)
class Reachable:
    """Of a team, who has a working channel, and who of them can take an alert on."""

    people: frozenset[int]
    able: frozenset[int]


def reachable(user_ids: Collection[int], *, clinic_id: int, now: datetime) -> set[int]:
    """Who of these people has a working channel in this clinic."""
    asked = {"clinic": clinic_id, "users": sorted(set(user_ids))} | _since(now)
    return {user_id for (user_id,) in statements.fetch_all(_REACHABLE, asked)}


def reachable_of(team_ids: Collection[int], *, now: datetime) -> dict[int, Reachable]:
    """Of each of these teams the members with a working channel, in one statement."""
    found: dict[int, dict[int, bool]] = {team_id: {} for team_id in team_ids}
    asked = {"teams": sorted(found)} | _since(now)
    for team_id, user_id, is_able in statements.fetch_all(_REACHABLE_OF_TEAMS, asked):
        found[team_id][user_id] = is_able
    return {
        team_id: Reachable(frozenset(people), frozenset(each for each, is_able in people.items() if is_able))
        for team_id, people in found.items()
    }


def told_in_vain(user_ids: Collection[int], *, team_id: int, now: datetime) -> set[int]:
    """Who of these people is known not to hear, or cannot take an alert on. Not to hear: they have verified contacts,
    and none of them works any more; who has none at all is told by the e-mail that they sign in with, and may hear."""
    asked = {"team": team_id, "users": sorted(set(user_ids))} | _since(now)
    return {user_id for (user_id,) in statements.fetch_all(_IN_VAIN, asked)}


def _since(now: datetime) -> dict[str, datetime]:
    return {"proved_after": now - PROOF_HOLDS, "tested_after": now - ANSWER_WITHIN}
