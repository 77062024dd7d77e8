"""Many at once on one alert: one wins, nobody's work is lost, and nobody is paged for what somebody has."""

import random
import re
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Lock

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from recovery import alerts, clock
from recovery.models import Alert, AlertEvent, Assessment, Notification, User
from tests.faults.aftermath import assert_invariants
from tests.faults.mishaps import SENDERS
from tests.faults.nurses import Answer, Nurse
from tests.faults.phones import Phones
from tests.faults.scale import times
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

K = AlertEvent.Kind

FEVER = {"temp": {"value": 38.5, "unit": "C"}}
HIGH_FEVER = {"temp": {"value": 40.1, "unit": "C"}}

DONE, TOO_LATE = 303, 409

UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def open_alert(scene: Scene) -> str:
    """The only one there is."""
    scene.wait_until_quiet()
    [(uuid,)] = scene.rows("SELECT uuid FROM recovery_alert WHERE episode_id = ANY(%s)")
    return str(uuid)


def events(scene: Scene) -> Counter[str]:
    rows = scene.rows(
        "SELECT e.kind FROM recovery_alertevent e JOIN recovery_alert a ON a.id = e.alert_id"
        " WHERE a.episode_id = ANY(%s)"
    )
    return Counter(row[0] for row in rows)


def test_f28_fifty_at_once_on_one_alert_lose_none_of_each_others_work(system: System):
    """Colleagues take it on, note and record calls while reports raise it, all through the doors."""
    # given
    scene = Scene.of(system, members=25)
    (patient,) = scene.patients
    phones = Phones(scene)
    phones.send(phones.report(patient, FEVER))
    alert = open_alert(scene)
    nurses = [Nurse(system, colleague) for colleague in patient.team]
    seen = nurses[0].seen(alert)

    # when
    with ThreadPoolExecutor(50) as pool:
        raising = [pool.submit(phones.send_until_taken, phones.report(patient, HIGH_FEVER)) for _ in range(5)]
        taking = [pool.submit(nurse.acknowledge, alert) for nurse in nurses[:15]]
        noting = [pool.submit(nurse.add_note, alert, f"Note {n}.", seen) for n, nurse in enumerate(nurses)]
        calling = [pool.submit(nurse.record_contact, alert, seen) for nurse in nurses[:5]]
        for report in raising:
            report.result()

    # then
    answers = {
        what: Counter(each.result().status for each in done)
        for what, done in {"taking": taking, "noting": noting, "calling": calling}.items()
    }
    assert all(set(statuses) <= {DONE, TOO_LATE} for statuses in answers.values()), answers
    assert answers["noting"] == {DONE: len(nurses)}
    scene.wait_until_quiet()
    kinds = events(scene)
    assert kinds[K.NOTED] == len(nurses)
    assert kinds[K.CONTACTED] == answers["calling"][DONE]
    assert kinds[K.ACKNOWLEDGED] == 1
    assert (kinds[K.OPENED], kinds[K.RAISED], kinds[K.JOINED]) == (1, 1, 4)
    assert_invariants(phones, on_their_way=SENDERS)


def test_f28_fifty_connections_at_once_work_on_one_alert_without_an_error(system: System):
    """The same by the operations themselves: more at once than there are web processes."""
    # given
    scene = Scene.of(system, members=10)
    (patient,) = scene.patients
    phones = Phones(scene)
    phones.send(phones.report(patient, FEVER))
    alert_id = open_alert(scene)
    for _ in range(5):
        phones.send(phones.report(patient, HIGH_FEVER))
    system.stop("worker", "watch", "watch-2")

    def at_once(number: int) -> str:
        try:
            by = users[number % len(users)]
            match number % 5:
                case 0:
                    alerts.flag_owed(limit=10, now=clock.now())
                case 1:
                    alerts.acknowledge(alert_id=alert_id, by=by, now=clock.now())
                case 2:
                    alerts.add_note(alert_id=alert_id, by=by, note=f"Noted {number}.", now=clock.now())
                case _:
                    alerts.record_contact(
                        alert_id=alert_id,
                        by=by,
                        reached=True,
                        by_what="phone",
                        note=f"{number}",
                        now=clock.now(),
                    )
            return "done"
        except alerts.NotAllowed:
            return "too late"
        finally:
            connection.close()

    # when
    with system.django():
        users = list(User.objects.filter(email__in=scene.emails))
        Assessment.objects.filter(episode=patient.episode_id, flagged_at=None).update(next_attempt_at=None)
        with ThreadPoolExecutor(25) as pool:
            said = list(pool.map(at_once, range(times(50, 500))))

    # then
    system.restore("web", "worker", "watch", "watch-2")
    scene.wait_until_quiet()
    kinds = events(scene)
    assert kinds[K.ACKNOWLEDGED] == 1
    assert kinds[K.NOTED] == sum(number % 5 == 2 for number in range(len(said)))
    assert kinds[K.CONTACTED] == sum(number % 5 > 2 and what == "done" for number, what in enumerate(said))
    assert_invariants(phones, on_their_way=SENDERS)


class Sent:
    """`at` is when the messages about each alert arrived. Each is read once: whoever reads five hundred again and again
    holds up the mail server, which shares this process."""

    def __init__(self, scene: Scene, ids: list[str]) -> None:
        self._scene, self._places, self._lock = (
            scene,
            {alert: place for place, alert in enumerate(ids)},
            Lock(),
        )
        self._read, self._last = 0, -1
        self.at: dict[str, list[float]] = defaultdict(list)

    def last(self) -> int:
        """The last place in the order of the alerts about which a message has arrived."""
        with self._lock:
            for mail in self._scene.mails[self._read :]:
                self._read += 1
                for alert in set(UUID.findall(mail.text)) & self._places.keys():
                    self._last = max(self._last, self._places[alert])
                    self.at[alert].append(mail.at)
            return self._last


def test_f35_nobody_is_paged_once_a_colleague_was_told_that_the_alert_is_theirs(system: System):
    """All messages are due at once and go out one after the other; each alert is taken on about when its turn comes.
    One that was on its way by then may still arrive, and no other."""
    # given
    scene = Scene.of(system, patients=times(40, 500))
    phones = Phones(scene)
    system.stop("worker", "watch", "watch-2")
    for patient in scene.patients:
        phones.report_red_flag(patient)
    with system.django():
        for owed in Assessment.objects.filter(episode__in=scene.episodes):
            alerts.flag(assessment_id=owed.pk, by="watch", now=clock.now())
        due = Notification.objects.filter(alert__episode__in=scene.episodes)
        due.update(next_attempt_at=Now() + timedelta(microseconds=1) * F("id"))
        uuids = dict(Alert.objects.filter(episode__in=scene.episodes).values_list("episode", "uuid"))
    ids = [str(uuids[patient.episode_id]) for patient in scene.patients]
    sent = Sent(scene, ids)

    def take_on(place: int) -> Answer:
        """When a message about one shortly before has arrived, or about one after it; or none came at all, since all of
        those were taken on first."""
        awaited = place - random.randrange(6)
        with suppress(AssertionError):
            wait_until(lambda: sent.last() >= awaited, within_s=2)
        return Nurse(system, scene.patients[place].team[0]).acknowledge(ids[place])

    # when
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(take_on, range(len(ids)))
        system.start("watch")
        taken_at = {
            alert: answer.at for alert, answer in zip(ids, answers, strict=True) if answer.status == DONE
        }

    # then
    assert len(taken_at) == len(ids)
    scene.wait_until_quiet()
    sent.last()
    for alert, at in taken_at.items():
        after = [arrived - at for arrived in sent.at[alert] if arrived > at]
        assert len(after) <= 1, f"{len(after)} were paged after somebody had it"
        assert all(late_s < 5 for late_s in after)
    assert_invariants(phones, on_their_way=1)


def test_f40_of_twenty_who_take_an_alert_on_at_once_one_has_it_and_the_others_are_told_who(system: System):
    # given
    scene = Scene.of(system, members=20)
    phones = Phones(scene)
    phones.report_red_flag()
    alert = open_alert(scene)
    nurses = [Nurse(system, colleague) for colleague in scene.patients[0].team]

    # when
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda nurse: nurse.acknowledge(alert), nurses))

    # then
    assert Counter(answer.status for answer in answers) == {DONE: 1, TOO_LATE: 19}
    winner = next(
        nurse.colleague for nurse, answer in zip(nurses, answers, strict=True) if answer.status == DONE
    )
    refused = [answer.text for answer in answers if answer.status == TOO_LATE]
    assert all(f"{winner.name} took this on at" in text for text in refused)
    assert events(scene)[K.ACKNOWLEDGED] == 1
    assert_invariants(phones, lost_answers=False)


def test_f40_sent_again_by_the_same_colleague_it_is_done_once_and_answered_the_same(system: System):
    # given
    scene = Scene.of(system)
    phones = Phones(scene)
    phones.report_red_flag()
    alert = open_alert(scene)
    nurse = Nurse(system, scene.patients[0].team[0])

    # when
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: nurse.acknowledge(alert), range(20)))

    # then
    assert {(answer.status, answer.text) for answer in answers} == {(DONE, "")}
    assert events(scene)[K.ACKNOWLEDGED] == 1
    assert_invariants(phones, lost_answers=False)
