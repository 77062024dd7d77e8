"""Who is on call, for programs of the clinic: a switchboard, a wallboard. Nothing about a patient."""

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request

from recovery import access, clock, reachability, rota
from recovery.api.documents import Document
from recovery.api.views.base import StaffView, answer
from recovery.reachability import Tonight
from recovery.rota import Turn


class Colleague(Document):
    id: UUID
    name: str
    reachable: bool = Field(description="Has a channel that was verified and whose last test was answered")


class TurnDocument(Document):
    """`person` null is a gap: everybody of the team is told."""

    level: int = Field(description="1 is first on call, 2 second")
    from_at: datetime
    until_at: datetime
    person: Colleague | None


class TeamOnCall(Document):
    id: UUID
    name: str
    time_zone: str
    has_rota: bool = Field(description="Without one everybody of the team is told, and there are no turns")
    now: tuple[TurnDocument, ...]
    tonight: tuple[TurnDocument, ...] = Field(description="Of the night that it is, or else the next one")
    covered: bool = Field(description="A nurse or doctor who can be reached is on call all night")


class OnCallList(Document):
    teams: tuple[TeamOnCall, ...]


class OnCall(StaffView):
    """Of the teams of whoever is signed in, in five statements for all of them."""

    @extend_schema(exclude=True)  # the description is the phone's
    def get(self, request: Request) -> HttpResponse:
        now = clock.now()
        teams = {team.pk: team for team in access.teams(self.user).order_by("name", "pk")}
        found = reachability.tonight(teams, now=now)
        people = {user_id for here in found.values() for user_id in here.plan.there}
        ids = rota.public_ids(people)
        return answer(
            OnCallList(
                teams=tuple(
                    TeamOnCall(
                        id=team.uuid,
                        name=team.name,
                        time_zone=found[team.pk].plan.zone.key,
                        has_rota=not found[team.pk].plan.is_empty,
                        now=_turns(found[team.pk], now, now + reachability.AHEAD, ids, most=1),
                        tonight=_turns(
                            found[team.pk],
                            max(now, found[team.pk].night.from_at),
                            found[team.pk].night.until_at,
                            ids,
                        ),
                        covered=found[team.pk].covered,
                    )
                    for team in teams.values()
                )
            )
        )


def _turns(
    here: Tonight, since: datetime, until: datetime, ids: dict[int, UUID], *, most: int | None = None
) -> tuple[TurnDocument, ...]:
    """First those of who is first on call."""
    if here.plan.is_empty:
        return ()
    turns = [turn for level in rota.LEVELS for turn in here.plan.turns(level, since, until)[:most]]
    return tuple(
        TurnDocument(
            level=turn.level,
            from_at=turn.from_at,
            until_at=turn.until_at,
            person=_person(here, turn, ids),
        )
        for turn in turns
    )


def _person(here: Tonight, turn: Turn, ids: dict[int, UUID]) -> Colleague | None:
    if turn.user is None:
        return None
    return Colleague(
        id=ids[turn.user], name=here.plan.there[turn.user], reachable=turn.user in here.reachable.people
    )
