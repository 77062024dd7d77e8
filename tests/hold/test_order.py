"""Order of arrival never changes the final state (specification 6.1 and 6.6; row Y8).

What the final state is, and what not, stands in `settled.Final`. It is compared when nothing is owed any more. How many
alerts below same_day opened and resolved themselves on the way is not part of it: an alert that an out-of-order report
opened by itself stays open ("alerts already raised stay open"), so an order may leave more alerts than another, never
fewer of same_day or above.
"""

from collections.abc import Sequence

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from recovery.models import DeviceToken, Episode
from tests import factories
from tests.factories import T0, at
from tests.hold.effort import NIGHTLY, effort
from tests.hold.recoveries import ARRIVED_H, Arrival, Recovery, arrivals, chains, recoveries, reports
from tests.hold.settled import Final, as_next_request, assert_same_end, final, settle, turn

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(0 if NIGHTLY else 400)]


@pytest.fixture
def ana() -> DeviceToken:
    team = factories.team()
    factories.member(team)
    return factories.phone(factories.episode(team))[0]


def arrive(ana: DeviceToken, recovery: Recovery, order: Sequence[Arrival], awake: Sequence[bool]) -> Final:
    """What stands when everything has arrived in this order, and nothing is owed. Then it is undone.

    `awake` says after which arrivals a worker or the watch had its turn.
    """
    now = at(ARRIVED_H)
    with transaction.atomic():
        Episode.objects.filter(pk=ana.episode_id).update(
            baseline=recovery.baseline,
            baseline_at=T0 if recovery.baseline else None,
            risk_factors=recovery.risk_factors,
        )
        for arrival, is_awake in zip(order, awake, strict=True):
            arrival.take(as_next_request(ana), now)
            if is_awake:
                turn(now)
        settle(now)
        stands = final(ana.episode)
        transaction.set_rollback(True)
    return stands


@given(data=st.data())
@effort(examples=15)
def test_any_order_of_arrival_ends_in_the_same_verdicts_and_misses_no_alert(
    ana: DeviceToken, data: st.DataObject
) -> None:
    recovery = data.draw(recoveries(chains()))
    order = data.draw(arrivals(recovery))
    awake = data.draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)))

    first_felt_first = arrive(ana, recovery, recovery.in_order(), [True] * len(order))
    as_it_comes = arrive(ana, recovery, order, awake)

    assert_same_end(first_felt_first, as_it_comes, recovery)


@given(data=st.data())
@effort(examples=15)
def test_what_was_found_decides_alone_which_alerts_are_live(ana: DeviceToken, data: st.DataObject) -> None:
    """Where two orders found the same things, the same alerts are live."""
    recovery = data.draw(recoveries(reports()))
    order = data.draw(arrivals(recovery))
    awake = data.draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)))

    first_felt_first = arrive(ana, recovery, recovery.in_order(), [True] * len(order))
    as_it_comes = arrive(ana, recovery, order, awake)

    for rule in {rule for _, rule, _ in first_felt_first.found | as_it_comes.found}:
        if as_it_comes.found_of(rule) == first_felt_first.found_of(rule):
            assert (rule, as_it_comes.live.get(rule)) == (rule, first_felt_first.live.get(rule))
