"""What Celery promises less of than one thinks: redelivery, hearing again after a blip, a beat, room for everybody,
silence about what it carries. Nothing of the product leans on it."""

import base64
import json
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from config.celery import app
from recovery.clinical import protocol as protocols
from services.children import ROOT
from tests.faults import mishaps
from tests.faults.aftermath import assert_invariants
from tests.faults.by_celery import (
    BY_THE_WATCH_ALONE,
    WATCHES,
    nothing_in_hand,
    nudge,
    report_to_the_worker,
    wait_until_celery_is_back,
)
from tests.faults.line import between_worker_and_broker
from tests.faults.mishaps import POOL, some_time
from tests.faults.phones import Phones
from tests.faults.scale import long_only, times
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

LEFT_ALONE = timedelta(days=10, hours=12)
"""How long ago the procedure of a patient was who has not been heard of since. No slot closes on the hour after it."""


def test_f09_what_a_killed_worker_held_is_sent_by_others_without_the_broker_bringing_it_back(system: System):
    """Redelivery would take ten minutes here, and minutes more until Celery looks for it: the lease takes seconds."""
    nothing_in_hand(system)
    phones = Phones(Scene.of(system, patients=POOL, members=1))
    with system.frozen("watch", "watch-2"):  # the worker has them
        with mishaps.swallowing(system):
            report_to_the_worker(phones)
            system.kill("worker")
        assert phones.scene.attempts() == [(1, "", True)] * POOL
    phones.scene.wait_until_quiet(within_s=60)

    assert Counter(phones.scene.attempts()) == {(1, "", True): POOL, (2, "sent", False): POOL}
    assert phones.scene.roads()[1] == {"watch"}
    assert_invariants(phones, deaths=POOL, lost_answers=False)


def restarted(system: System) -> None:
    system.kill("valkey")
    some_time(0.0, 2.0)
    system.start("valkey")


def stopped(system: System) -> None:
    with system.frozen("valkey"):
        some_time(1.0, times(3, 90))


def flapping(system: System) -> None:
    for _ in range(3):
        with system.frozen("valkey"):
            some_time(0.1, 0.5)
        some_time(0.0, 0.3)


@pytest.mark.parametrize("blip", [restarted, stopped, flapping])
def test_f15_after_a_blip_of_the_broker_the_worker_hears_again(system: System, blip):
    for _ in range(times(1, 7)):
        blip(system)
        wait_until_celery_is_back(system)


def test_f15_a_worker_whose_acknowledgements_were_lost_hears_again(system: System):
    """Celery keeps the room of a message until it is acknowledged, and has room for one for each child."""
    nothing_in_hand(system)
    phones = Phones(Scene.of(system, patients=POOL, members=1))
    lost = system.said_by("worker").count("Couldn't ack")
    with system.frozen("watch", "watch-2"), ExitStack() as provider:
        provider.enter_context(mishaps.swallowing(system))
        report_to_the_worker(phones)
        with system.frozen("valkey"):
            provider.close()  # what was sent is answered: the tasks end
            wait_until(
                lambda: system.said_by("worker").count("Couldn't ack") == lost + POOL,
                why="all were acknowledged",
            )
    phones.scene.wait_until_quiet()
    wait_until_celery_is_back(system)
    assert_invariants(phones, deaths=0, lost_answers=False)


def test_f16_a_line_that_goes_dead_without_a_word_holds_nobody_up(system: System):
    with between_worker_and_broker(system) as line:
        wait_until_celery_is_back(system)
        line.die()
        phones = Phones(Scene.of(system, patients=3))
        phones.report_all(3)
        phones.scene.wait_until_quiet()
        assert phones.scene.roads() == BY_THE_WATCH_ALONE
        line.heal()
        wait_until_celery_is_back(system, within_s=180)  # it waits on the dead line for a minute
    assert_invariants(phones, lost_answers=False)


def test_f17_with_nobody_who_beats_what_falls_due_by_time_is_done(system: System):
    """There is no beat in any of these tests, nor in production; what is due by time is found by the watch."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert not [name for name, service in compose.items() if "beat" in service.get("command", [])]
    assert not app.conf.beat_schedule

    system.stop("worker")
    silent = Scene.of(system, ago=LEFT_ALONE)
    wait_until(lambda: missed(silent) == closed_slots(len(silent.patients)), within_s=60)
    assert_invariants(Phones(silent))


def test_f18_four_who_all_want_to_do_what_falls_due_do_it_once(system: System):
    system.start(*WATCHES[2:])
    with system.frozen(*WATCHES):
        silent = Scene.of(system, patients=times(12, 200), ago=LEFT_ALONE)
    wait_until(lambda: missed(silent) == closed_slots(len(silent.patients)), within_s=90)
    assert_invariants(Phones(silent))
    assert len(silent.arrived) == len(set(silent.arrived))


def missed(scene: Scene) -> Counter[str]:
    rows = scene.rows(
        "SELECT silent_slot FROM recovery_assessment WHERE episode_id = ANY(%s) AND silent_slot IS NOT NULL"
    )
    return Counter(slot for (slot,) in rows)


def closed_slots(patients: int) -> Counter[str]:
    hours = LEFT_ALONE / timedelta(hours=1)
    return Counter({slot.id: patients for slot in protocols.get().slots if slot.close_h <= hours})


def test_f21_busy_workers_and_a_long_queue_hold_no_red_flag_up(system: System):
    with system.frozen("worker"):
        nudge(system, times(500, 30_000))
        phones = Phones(Scene.of(system, patients=3))
        phones.report_all(3)
        phones.scene.wait_until_quiet()
        assert phones.scene.roads() == BY_THE_WATCH_ALONE
    assert_invariants(phones, lost_answers=False)


def test_f21_no_task_is_long(system: System):
    """Whatever takes longer is no task: those that there are end their turn in seconds, and are ended in a minute."""
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == {f"recovery.tasks.{name}" for name in ("flag_red_flags", "deliver", "beat")}
    assert (app.conf.task_soft_time_limit, app.conf.task_time_limit) == (30, 60)


@long_only
def test_f22_a_worker_does_not_grow_with_what_it_has_done(system: System):
    """Its children are replaced after a thousand tasks; who replaces them stays as small as it was."""
    with mishaps.client_of_the_broker(system) as broker:
        broker.delete("celery")  # another test may have left thirty thousand
    of_nobody, at_first = work_off(system, 1_200), system.children("worker")
    for _ in range(50):
        now = work_off(system, 2_400)
    assert now <= of_nobody * 1.1
    assert not set(at_first) & set(system.children("worker"))


def work_off(system: System, number: int) -> int:
    """Nudges about rows that are not there. Returns the memory of the worker when all are done."""
    nudge(system, number)
    with mishaps.client_of_the_broker(system) as broker:
        wait_until(lambda: not broker.llen("celery") and not broker.hlen("unacked"), within_s=120)
    status = Path(f"/proc/{system.pid('worker')}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_f23_what_is_queued_kept_logged_and_sent_tells_nothing_of_a_patient(system: System):
    # given
    programs = ("web", "worker", "watch", "watch-2")
    before = {name: len(system.said_by(name)) for name in programs}
    system.stop("worker")
    scene = Scene.of(system, patients=2)
    phones = Phones(scene)

    # when
    phones.report_all(4)
    with mishaps.client_of_the_broker(system) as broker:
        queued = broker.lrange("celery", 0, -1)
        broker.save()
    system.start("worker")
    scene.wait_until_quiet()

    # then
    bodies = [base64.b64decode(json.loads(message)["body"]).decode() for message in queued]
    assert queued
    assert all(isinstance(each, int) for body in bodies for each in json.loads(body)[0])
    kept = "".join(
        path.read_text(errors="replace")
        for path in (system.directory / "valkey").rglob("*")
        if path.is_file()
    )
    said = "".join(system.said_by(name)[length:] for name, length in before.items())
    sent = "".join(mail.message.as_string() for mail in scene.mails)
    names = ("ana", "whitfield", "new_or_worse", "bladder", "bleeding", "H0000", *scene.tokens)
    for text, private in (
        ("".join(bodies), names),
        (kept, names),
        (said, (*names, *scene.emails)),
        (sent, names),
    ):
        told = [word for word in private if word.lower() in text.lower().replace("manage", "")]
        assert told == []


def test_f23_what_would_run_as_code_is_not_taken_out_of_the_broker(system: System):
    trace = system.directory / "it-ran"
    code = f"cos\nsystem\n(S'touch {trace}'\ntR.".encode()
    message = {
        "body": base64.b64encode(code).decode(),
        "content-encoding": "binary",
        "content-type": "application/x-python-serialize",
        "headers": {"id": "1", "task": "recovery.tasks.deliver"},
        "properties": {"delivery_tag": "1", "body_encoding": "base64", "delivery_info": {}},
    }
    with mishaps.client_of_the_broker(system) as broker:
        broker.lpush("celery", json.dumps(message))
        wait_until(lambda: not broker.llen("celery"))
    wait_until_celery_is_back(system)
    assert not trace.exists()
