"""F35 and I8 with two watches at once: a step is taken once; who takes an alert on and a step that is due do not pass
each other, and after the one has said so nobody is told by the other."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection

from recovery import alerts, escalation, watch
from recovery.models import Alert, Notification
from tests.escalation import scenes
from tests.escalation.scenes import later, reload, told
from tests.notifications.postbox import Postbox
from tests.operations.ward import report

pytestmark = pytest.mark.django_db(transaction=True)

RACES = 40


def alone(work: Callable[[], object]) -> object:
    """In a thread, with a connection of its own."""
    try:
        return work()
    finally:
        connection.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def at_once(pool: ThreadPoolExecutor, *works: Callable[[], object]) -> list[object]:
    start = threading.Barrier(len(works))

    def begin(work: Callable[[], object]) -> object:
        start.wait()
        time.sleep(random.uniform(0, 0.004))
        return work()

    return [each.result() for each in [pool.submit(alone, partial(begin, work)) for work in works]]


def test_i8_of_four_watches_one_takes_each_step(transactional_db: None, pool: ThreadPoolExecutor):
    wards = [scenes.ward() for _ in range(8)]
    for ward in wards:
        scenes.red_flag(ward)
    for minutes in (5, 15, 75):
        now = later(minutes)
        taken = at_once(pool, *[partial(escalation.fire_due, limit=100, now=now)] * 4)
        assert sum(taken) == len(wards)

    for alert in Alert.objects.all():
        assert alert.events.filter(kind="escalated").count() == 3
        assert scenes.steps(alert) == ["opened", "step-1", "step-2", "step-3-1"]


def test_f35_who_takes_it_on_and_a_step_that_is_due_do_not_pass_each_other(
    transactional_db: None, pool: ThreadPoolExecutor
):
    """Either the step was first, and what it planned is dropped; or the other was, and there is none."""
    ward = scenes.ward()
    ended = Counter[str]()
    for _ in range(RACES):
        alert = scenes.red_flag(ward)
        two = [partial(escalation.fire_due, limit=10, now=later(5))] * 2
        at_once(pool, partial(alerts.acknowledge, alert_id=alert.uuid, by=ward.nils, now=later(5)), *two)

        now_is = reload(alert)
        assert (now_is.status, now_is.owner) == ("acknowledged", ward.nils)
        assert now_is.next_step_at == later(15), "the reminder of its owner, not a step"
        events = Counter(alert.events.values_list("kind", flat=True))
        assert events["acknowledged"] == 1
        assert events["escalated"] <= 1
        ended["step first" if events["escalated"] else "taken on first"] += 1
        assert escalation.fire_due(limit=10, now=later(14)) == 0
        alerts.close(
            alert_id=alert.uuid, by=ward.nils, outcome="seen", contacted=True, note="Seen.", now=later(16)
        )
    assert len(ended) == 2 or RACES < 20, ended


def test_f35_nobody_is_told_by_a_step_after_who_took_it_on_was_told_that_it_is_theirs(
    transactional_db: None, pool: ThreadPoolExecutor, mailbox: Postbox
):
    """One message that was on its way by then may still arrive (I7), and no other."""
    ward = scenes.ward()
    for _ in range(RACES // 4):
        alert = scenes.red_flag(ward)
        Notification.objects.filter(alert=alert).update(status="dropped", followed_up_at=later())
        taken_at: list[int] = []

        def take_on(a: Alert = alert, said: list[int] = taken_at) -> None:
            alerts.acknowledge(alert_id=a.uuid, by=ward.nils, now=later(15))
            said.append(len(mailbox.mails))

        at_once(pool, take_on, partial(watch.cycle, later(15)), partial(watch.cycle, later(15)))
        watch.cycle(later(15))
        assert len(mailbox.mails) - taken_at[0] <= 2, "each of two watches may be at one"
        alerts.close(
            alert_id=alert.uuid, by=ward.nils, outcome="seen", contacted=True, note="Seen.", now=later(16)
        )


def test_a_contact_and_the_end_of_the_time_for_it_do_not_pass_each_other(
    transactional_db: None, pool: ThreadPoolExecutor
):
    ward = scenes.ward()
    for _ in range(RACES // 2):
        alert = scenes.red_flag(ward)
        scenes.take_on(alert, ward.nils, 1)
        scenes.turn(15)
        at_once(
            pool,
            partial(scenes.reach, alert, ward.nils, 25),
            partial(escalation.fire_due, limit=10, now=later(25)),
        )

        now_is = reload(alert)
        kinds = set(alert.events.values_list("kind", flat=True))
        if now_is.status == "acknowledged" and "given-back" not in kinds:
            assert now_is.next_step_at is None
        else:  # given back first: by recording the contact it was taken on again
            assert (now_is.status, now_is.owner) == ("acknowledged", ward.nils)
        assert now_is.contacted_at == later(25)
        alerts.close(
            alert_id=alert.uuid, by=ward.nils, outcome="seen", contacted=True, note="Seen.", now=later(26)
        )


def test_steps_and_flagging_of_one_patient_at_once_lose_nothing(
    transactional_db: None, pool: ThreadPoolExecutor
):
    """F28: no deadlock, whoever locks what first."""
    ward = scenes.ward()
    alert = scenes.red_flag(ward)
    for hour in range(1, 8):
        minutes = hour * 61
        at_once(
            pool,
            partial(report, ward.ana, 30 + minutes / 60, **scenes.EMERGENCY, chest_pain="yes"),
            partial(escalation.fire_due, limit=10, now=later(minutes)),
            partial(escalation.fire_due, limit=10, now=later(minutes)),
        )

    assert alert.events.filter(kind="joined").count() == 7
    assert Alert.objects.filter(status="open", next_step_at=None).count() == 0
    assert told(alert) >= {"Ben", "Cora"}
