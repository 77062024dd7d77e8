"""Who is let go while they act: what waited for that does nothing more."""

from collections.abc import Callable

import pytest

from recovery import staff
from recovery.models import CareTeam, Invitation, Membership, User
from tests import factories
from tests.factories import at
from tests.waiting import behind

Act = Callable[[CareTeam, User, User], object]

ACTS: dict[str, Act] = {
    "invite": lambda team, by, other: staff.invite(
        team_id=team.uuid, email="mal2@example.org", name="Mal Two", role="admin", by=by, now=at(1)
    ),
    "end": lambda team, by, other: staff.end_membership(
        team_id=team.uuid, user_id=other.uuid, by=by, now=at(1)
    ),
    "role": lambda team, by, other: staff.change_role(
        team_id=team.uuid, user_id=other.uuid, role="admin", by=by, now=at(1)
    ),
    "renew": lambda team, by, other: staff.renew(team_id=team.uuid, user_id=other.uuid, by=by, now=at(1)),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_s09_who_is_just_let_go_does_nothing_more(act: Act):
    team = factories.team()
    dee, mal = (factories.member(team, name, "admin") for name in ("Dee Lund", "Mal Ory"))
    nia = factories.member(team, "Nia Boateng")

    with pytest.raises(CareTeam.DoesNotExist):
        behind(
            lambda: staff.end_membership(team_id=team.uuid, user_id=mal.uuid, by=dee, now=at(1)),
            lambda: act(team, mal, nia),
        )

    assert not Invitation.objects.filter(withdrawn_at=None).exists()
    assert Membership.objects.get(user=nia).role == "nurse"
