"""Two phones of one patient report at once, and a worker flags meanwhile: real threads, real commits.

The end is that of the same reports arriving one by one in the order in which they were felt.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from recovery import alerts, checkins
from recovery.models import Assessment, CareTeam, DeviceToken, Episode
from tests import factories
from tests.factories import T0, at
from tests.hold.effort import NIGHTLY, effort
from tests.hold.recoveries import ARRIVED_H, Arrival, Recovery, arrivals, chains, dealt_out, recoveries
from tests.hold.settled import assert_same_end, final, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(0 if NIGHTLY else 400)]

NOW = at(ARRIVED_H)


@pytest.fixture
def team() -> CareTeam:
    team = factories.team()
    factories.member(team)
    return team


def enrolled(team: CareTeam, recovery: Recovery) -> Episode:
    return factories.episode(
        team,
        baseline=recovery.baseline,
        baseline_at=T0 if recovery.baseline else None,
        risk_factors=recovery.risk_factors,
    )


def send(phone: DeviceToken, sending: list[Arrival], start: threading.Barrier) -> None:
    """As a phone does: what is refused because another report came between is sent again."""
    try:
        start.wait()
        for arrival in sending:
            for _ in range(20):
                try:
                    device = DeviceToken.objects.select_related("episode__clinic", "patient").get(pk=phone.pk)
                    arrival.take(device, NOW)
                    break
                except checkins.Busy:
                    continue
            else:
                raise AssertionError("always busy")
    finally:
        connection.close()


def work(episode: Episode, start: threading.Barrier, done: threading.Event) -> None:
    """A worker that flags whatever it finds owed while the phones are still sending."""
    try:
        start.wait()
        while not done.is_set():
            owed = Assessment.objects.filter(episode=episode, flagged_at=None)
            for pk in owed.values_list("pk", flat=True):
                alerts.flag(assessment_id=pk, by="celery", now=NOW)
    finally:
        connection.close()


@given(data=st.data())
@effort(examples=6)
def test_two_phones_at_once_end_as_one_after_the_other(team: CareTeam, data: st.DataObject) -> None:
    recovery = data.draw(recoveries(chains()))
    hands = list(dealt_out(data.draw(arrivals(recovery)), phones=2))
    alone, crowded = enrolled(team, recovery), enrolled(team, recovery)

    device, _ = factories.phone(alone)
    send(device, recovery.in_order(), threading.Barrier(1))
    start, done = threading.Barrier(3), threading.Event()
    phones = [factories.phone(crowded)[0] for _ in hands]
    with ThreadPoolExecutor(3) as threads:
        worker = threads.submit(work, crowded, start, done)
        sending = [threads.submit(send, *each, start) for each in zip(phones, hands, strict=True)]
        try:
            for each in sending:
                each.result(timeout=60)
        finally:
            done.set()
        worker.result(timeout=60)
    settle(NOW)

    assert_same_end(final(alone), final(crowded), recovery)
    sent = {arrival.client_id for arrival in chain(*hands)}
    assert sorted(crowded.check_ins.values_list("client_id", flat=True)) == sorted(sent)
