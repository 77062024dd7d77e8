"""Reports on a real line to processes that really run: answers lost, twins at once, a server killed half-way through a
batch, and everybody coming back at once. The numbers are those of the list of cases of mobile synchronisation."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import cycle, islice
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest

from recovery import clock
from tests.databases import EVERY_CLINIC
from tests.faults.scene import Scene
from tests.hold import crowd, line
from tests.hold.effort import NIGHTLY
from tests.hold.line import BATCH, CHECK_INS, Answered, Lost, report
from tests.system import System
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800 if NIGHTLY else 300)]

SENDERS, LOST_ANSWERS = 4, 1_000 if NIGHTLY else 40
TWINS = 100 if NIGHTLY else 4
KILLS = 20 if NIGHTLY else 2
FEW = 20
PHONES, WITHIN_S = (1_000, 10.0) if NIGHTLY else (80, 1.0)


Take = Callable[[int], Scene]


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with System() as system:
        system.start("web", "worker", "watch")
        yield system


@pytest.fixture(scope="module")
def take(system: System, django_db_blocker: Any) -> Take:
    """So many patients of whom no other test knows, each with a team of two."""
    with django_db_blocker.unblock():
        everybody = Scene.of(system, patients=SENDERS + 1 + TWINS + KILLS + PHONES)
    patients = iter(everybody.patients)
    return lambda number: Scene(system, tuple(islice(patients, number)))


def rows(scene: Scene, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(scene.system.database_url, options=EVERY_CLINIC) as connection:
        return connection.execute(query, parameters).fetchall()


def stored(scene: Scene, ids: list[str]) -> Counter[str]:
    """How often each of these is there, with a current verdict."""
    query = (
        "SELECT client_id::text FROM recovery_checkin c JOIN recovery_assessment a ON a.check_in_id = c.id "
        "WHERE a.is_current AND client_id = ANY(%s)"
    )
    return Counter(row[0] for row in rows(scene, query, [UUID(each) for each in ids]))


def some_are_stored(scene: Scene, ids: list[str]) -> bool:
    return stored(scene, ids).total() >= FEW


# --- Y1 ------------------------------------------------------------------------------------------------------------


def test_y01_after_a_lost_answer_the_phone_learns_the_same_byte_for_byte(system: System, take: Take) -> None:
    scene = take(SENDERS)
    with line.cutter(system.url) as cut, ThreadPoolExecutor(SENDERS) as phones:
        sent = [
            (token, report(bleeding="oozing" if number % 3 else "none"))
            for number, token in zip(range(LOST_ANSWERS), cycle(scene.tokens), strict=False)
        ]
        cut.is_cutting = True
        answered = list(phones.map(lambda each: post(cut.url, *each), sent))
        assert answered == [None] * LOST_ANSWERS, "every answer was lost"
        assert len(cut.lost) == LOST_ANSWERS, "every report was answered"
        cut.is_cutting = False
        again = list(phones.map(lambda each: post(cut.url, *each), sent))

    assert {answer.status for answer in again} == {200}
    assert {answer.headers.get("idempotent-replay") for answer in again} == {"true"}
    assert sorted(answer.body for answer in again) == sorted(cut.lost)
    ids = [document["id"] for _, document in sent]
    assert stored(scene, ids) == Counter(ids), "each is there once"


def post(url: str, token: str, document: dict[str, Any]) -> Answered | None:
    try:
        return line.send(url, token, "POST", CHECK_INS, document)
    except Lost:
        return None


def test_y01_after_a_lost_answer_to_a_correction_and_a_batch_nothing_happens_twice(
    system: System, take: Take
) -> None:
    scene = take(1)
    (token,) = scene.tokens
    first, others = report(), [report() for _ in range(3)]
    line.send(system.url, token, "POST", CHECK_INS, first)
    corrected = {name: value for name, value in first.items() if name != "id"} | {"base_revision": 1}
    corrected["answers"] = first["answers"] | {"pain_now": 9}
    requests = [
        ("PUT", f"{CHECK_INS}/{first['id']}", corrected),
        ("POST", BATCH, {"check_ins": others}),
    ]
    with line.cutter(system.url) as cut:
        cut.is_cutting = True
        for request in requests:
            with pytest.raises(Lost):
                line.send(cut.url, token, *request)
        cut.is_cutting = False
        put, batch = (line.send(cut.url, token, *request) for request in requests)

    assert (put.status, put.body, put.document["revision"]) == (200, cut.lost[0], 2)
    assert [result["status"] for result in batch.document["results"]] == [200] * 3
    said = Answered(200, cut.lost[1], {}).document["results"]
    assert [each["body"] for each in batch.document["results"]] == [each["body"] for each in said]
    ids = [first["id"], *(other["id"] for other in others)]
    assert stored(scene, ids) == Counter(ids)


# --- Y2 ------------------------------------------------------------------------------------------------------------


def test_y02_twenty_of_one_report_at_once_are_one_report_one_alert_and_one_message_each(
    system: System, take: Take
) -> None:
    scene = take(TWINS)
    sent = [report(bladder="new_or_worse") for _ in scene.tokens]
    with ThreadPoolExecutor(20) as phones:
        for token, document in zip(scene.tokens, sent, strict=True):
            start = Barrier(20)

            def at_once(_: int, token=token, document=document, start=start) -> int:
                start.wait()
                return line.send(system.url, token, "POST", CHECK_INS, document).status

            statuses = Counter(phones.map(at_once, range(20)))
            assert statuses[201] == 1
            assert set(statuses) <= {200, 201, 409}
    wait_until(scene.everybody_was_told, within_s=120)

    ids = [document["id"] for document in sent]
    assert stored(scene, ids) == Counter(ids)
    of_these = "FROM recovery_alert JOIN recovery_checkin c USING (episode_id) WHERE c.client_id = ANY(%s)"
    uuids = [UUID(each) for each in ids]
    assert rows(scene, f"SELECT rule, count(*) {of_these} GROUP BY rule", uuids) == [("BLADDER", TWINS)]
    intents = (
        f"SELECT count(*) FROM recovery_notification WHERE alert_id IN (SELECT recovery_alert.id {of_these})"
    )
    assert rows(scene, intents, uuids) == [(2 * TWINS,)]
    arrived = Counter(recipient for mail in system.mailbox.mails for recipient in mail.recipients)
    assert {arrived[email] for email in scene.emails} == {1}


# --- Y7 ------------------------------------------------------------------------------------------------------------


def test_y07_a_batch_whose_server_was_killed_half_way_is_sent_again_whole(system: System, take: Take) -> None:
    """Killed by `kill -9` while it waits for the episode, which somebody else holds: so it cannot be through."""
    scene = take(KILLS)
    for token in scene.tokens:
        felt_at = clock.now() - timedelta(hours=15)
        batch = [
            report(felt_at + timedelta(minutes=minute), bleeding="oozing" if minute == 99 else "none")
            for minute in range(100)
        ]
        ids = [document["id"] for document in batch]
        with (
            ThreadPoolExecutor(1) as phone,
            psycopg.connect(system.database_url, options=EVERY_CLINIC) as holder,
        ):
            sending = phone.submit(line.send, system.url, token, "POST", BATCH, {"check_ins": batch})
            wait_until(partial(some_are_stored, scene, ids))
            episode = "SELECT episode_id FROM recovery_checkin WHERE client_id = %s"
            holder.execute(f"SELECT FROM recovery_episode WHERE id = ({episode}) FOR UPDATE", [ids[0]])
            system.kill("web")
            holder.rollback()
            with pytest.raises(Lost):
                sending.result(timeout=60)
        before = stored(scene, ids).total()
        assert FEW <= before < 100

        system.start("web")
        again = line.send(system.url, token, "POST", BATCH, {"check_ins": batch})
        statuses = [result["status"] for result in again.document["results"]]

        assert statuses == sorted(statuses), "first those that were taken before, in the order sent"
        assert Counter(statuses) == {200: statuses.count(200), 201: 100 - statuses.count(200)}
        assert statuses.count(200) >= before
        assert stored(scene, ids) == Counter(ids)
    wait_until(scene.everybody_was_told, within_s=120)


# --- Y19 -----------------------------------------------------------------------------------------------------------


def test_y19_when_all_phones_come_back_at_once_each_is_answered_and_nothing_is_lost(
    system: System, take: Take
) -> None:
    scene = take(PHONES)
    felt_at = clock.now() - timedelta(hours=6)
    kept = {
        token: [report(felt_at + timedelta(hours=hour), bleeding="oozing") for hour in range(3)]
        for token in scene.tokens
    }

    with ThreadPoolExecutor(1) as aside:  # in this thread a browser of other tests may have its loop running
        outcome = aside.submit(asyncio.run, crowd.come_back(system.url, kept, within_s=WITHIN_S)).result()

    assert set(outcome.answered) == set(scene.tokens)
    assert set(outcome.statuses) <= {200, 429, 503}
    assert outcome.put_off_without_a_time == 0
    ids = [document["id"] for documents in kept.values() for document in documents]
    assert stored(scene, ids) == Counter(ids)
    wait_until(scene.everybody_was_told, within_s=600)
    arrived = Counter(recipient for mail in system.mailbox.mails for recipient in mail.recipients)
    assert {arrived[email] for email in scene.emails} == {1}
