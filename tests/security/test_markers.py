"""What a patient is and says leaves the database for nobody else: looked for wherever it might have gone (S43), in a
system to which everything was sent and in which things failed. And what an attacker in the broker can do (S58)."""

import base64
import json
import pickle
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from kombu import Connection
from pytest_django import DjangoDbBlocker

from config.celery import app
from recovery.models import CheckIn, Episode
from tests.api.phones import BATCH, CHECK_INS, check_in
from tests.faults.phones import Phones
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # three programs are started first

PROGRAMS = ("web", "worker", "watch")
WORDS = "Xylophone-marker, I feel like giving up"
TOKEN = "metrics-for-the-test"
QUEUE = "celery"


@pytest.fixture(scope="module")
def system(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[System]:
    with django_db_blocker.unblock(), System(METRICS_TOKEN=TOKEN) as system:
        system.start(*PROGRAMS)
        yield system


@pytest.fixture
def scene(system: System) -> Scene:
    system.restore(*PROGRAMS)
    return Scene.of(system)


def send(scene: Scene, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
    raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    told = {"Authorization": f"Bearer {scene.tokens[0]}", "Content-Type": "application/json"} | headers
    asked = urllib.request.Request(scene.system.url + path, data=raw, headers=told)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def markers_of(scene: Scene) -> list[str]:
    """Who the patient is, what they said, and what would let somebody in."""
    with scene.system.django():
        patient = Episode.objects.get(pk=scene.episodes[0]).patient
        private = [patient.name, patient.hospital_number, patient.phone, patient.caregiver_name]
    names = [word for name in private for word in (name, name.split()[-1]) if len(word) > 5]
    sessions = [colleague.session for patient in scene.patients for colleague in patient.team]
    return [*names, "Xylophone", "giving up", "new_or_worse", "cauda", *scene.tokens, *sessions]


def found(markers: list[str], text: str) -> list[str]:
    return [marker for marker in markers if marker.lower() in text.lower()]


def everything(scene: Scene) -> None:
    """Reports of every kind, good and bad, and pages asked for with the markers in places where they do not belong."""
    red = check_in(chest_pain="yes", numbness="new_or_worse", free_text=WORDS)
    for body in (
        red,
        red,
        red | {"answers": red["answers"] | {"free_text": f"{WORDS} again"}},
        check_in(free_text=WORDS) | {WORDS: WORDS},
        check_in(free_text=WORDS, temp={"value": WORDS, "unit": WORDS}),
        json.dumps(check_in(free_text=WORDS)).encode()[:-9],
    ):
        send(scene, CHECK_INS, body)
    send(scene, BATCH, {"check_ins": [check_in(free_text=WORDS), {WORDS: 1}, 7]})
    send(scene, f"{CHECK_INS}/{uuid4()}?name=Xylophone")
    send(scene, "/api/v1/me?name=Xylophone", Authorization="Bearer Xylophone")
    send(
        scene,
        "/nothing/Xylophone",
        Referer="http://x/Xylophone",
        **{"User-Agent": "Xylophone", "X-Request-Id": "Xylophone"},
    )
    send(scene, "/patients", b"q=Xylophone", **{"Content-Type": "application/x-www-form-urlencoded"})


def test_s43_nothing_a_patient_is_or_says_is_anywhere_but_in_the_database(scene: Scene) -> None:
    system = scene.system
    said_before = {name: len(system.said_by(name)) for name in PROGRAMS}
    texts = {}

    everything(scene)
    wait_until(lambda: scene.mails, within_s=60, why="nobody was told")
    scene.wait_until_quiet()
    markers = markers_of(scene)
    system.stop("worker")
    everything(scene)  # so that something lies at the broker
    wait_until(lambda: queued(system), why="nothing lay at the broker")

    texts["tasks"] = " ".join(queued(system))
    texts["broker's dump"] = dump_of(system)
    for name, length in said_before.items():
        texts[f"log of {name}"] = system.said_by(name)[length:].replace("manage", "")
    texts["mails"] = "\n".join(mail.message.as_string() for mail in scene.mails)
    status, texts["metrics"] = send(scene, "/metrics", Authorization=f"Bearer {TOKEN}")
    texts["readyz"] = send(scene, "/readyz")[1]
    assert status == 200
    silent = {place for place, text in texts.items() if not text and not place.startswith("log of ")}
    assert not silent, "a place in which nothing stands shows nothing"
    assert {place: found(markers, text) for place, text in texts.items() if found(markers, text)} == {}


def test_s43_the_markers_would_be_found(scene: Scene) -> None:
    """What is looked for is there where it belongs."""
    everything(scene)
    markers = markers_of(scene)

    with scene.system.django():
        answers = CheckIn.objects.filter(episode__in=scene.episodes).values_list("answers", flat=True)
        assert {"Xylophone", "giving up", "new_or_worse"} <= set(found(markers, str(list(answers))))


def queued(system: System) -> list[str]:
    """Each message at the broker: its headers, and its body unpacked."""
    with redis.Redis.from_url(system.redis_url) as broker:
        messages = [json.loads(raw) for raw in broker.lrange(QUEUE, 0, -1)]
    return [f"{message['headers']} {base64.b64decode(message['body']).decode()}" for message in messages]


def dump_of(system: System) -> str:
    """All that the broker would write to its disk."""
    with redis.Redis.from_url(system.redis_url) as broker:
        place: dict[str, str] = {name: broker.config_get(name)[name] for name in ("dir", "dbfilename")}
        broker.save()
    return Path(place["dir"], place["dbfilename"]).read_bytes().decode("latin-1")


# --- S58 --------------------------------------------------------------------------------------------------------------


class Exploit:
    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.touched,)


@pytest.mark.parametrize("kind", ["application/x-python-serialize", "application/x-yaml", "text/plain"])
def test_s58_what_somebody_puts_into_the_broker_is_not_run(scene: Scene, tmp_path: Path, kind: str) -> None:
    system, touched = scene.system, tmp_path / "touched"
    body = {
        "application/x-python-serialize": pickle.dumps(([Exploit(touched)], {}, {})),
        "application/x-yaml": f"!!python/object/apply:os.system ['touch {touched}']".encode(),
        "text/plain": b"x",
    }[kind]
    with Connection(system.redis_url) as line:
        producer = line.Producer()
        producer.publish(
            body,
            routing_key=QUEUE,
            exchange=QUEUE,
            content_type=kind,
            content_encoding="binary",
            headers={"id": str(uuid4()), "task": "recovery.tasks.deliver", "lang": "py"},
        )

    Phones(scene).report_red_flag()
    wait_until(scene.everybody_was_told, within_s=60, why="nobody was told")

    assert not touched.exists()
    assert system.is_running("worker")


def test_s58_no_worker_is_ended_from_afar(scene: Scene) -> None:
    with app.connection_for_write(scene.system.redis_url) as line:
        app.control.broadcast("shutdown", connection=line)

    Phones(scene).report_red_flag()
    wait_until(scene.everybody_was_told, within_s=60, why="nobody was told")

    assert scene.system.is_running("worker")
