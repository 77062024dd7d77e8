"""A demo really run, with all its processes: a short one, twice, for what it tells and for what it leaves behind."""

import json
import os
import re
import shutil
import signal
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import psycopg
import pytest

from demo import running as product
from services import binaries, ports
from tests.databases import EVERY_CLINIC
from tests.demo.running import Demo, demo, left_running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SHORT = ("--days", "24", "--patients", "40")
TINY = ("--days", "6", "--patients", "6")
ENOUGH = 30


@contextmanager
def a_place() -> Iterator[Path]:
    try:
        binaries.postgres(), binaries.valkey()
    except binaries.NotInstalled as problem:
        pytest.skip(str(problem))
    directory = Path(tempfile.mkdtemp(prefix="recovery-demo-"))
    directory.chmod(0o711)
    try:
        yield directory / "var"
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def first() -> Iterator[Demo]:
    with a_place() as var, demo(var, *SHORT) as run:
        yield run


@contextmanager
def database(run: Demo):
    with psycopg.connect(run.told["database_url"], options=EVERY_CLINIC, autocommit=True) as connection:
        yield connection


def count(run: Demo, condition: str) -> int:
    with database(run) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM {condition}").fetchone()
    return number


def test_it_tells_what_programs_need(first):
    told = first.told
    assert told["ready"] is True
    assert {member["role"] for member in told["staff"]} == {"nurse", "doctor", "coordinator", "admin"}
    assert len({member["clinic"] for member in told["staff"]}) == 2
    assert all(member["email"] and member["password"] for member in told["staff"])
    assert [member["role"] for member in told["overseers"]] == ["auditor", "auditor", "operator"]
    assert {member["clinic"] for member in told["overseers"]} == {
        "",
        *(member["clinic"] for member in told["staff"]),
    }
    assert told["helper"]["patient"] == told["newcomer"]["name"]
    assert len(told["patients"]) >= 38
    for patient in told["patients"]:
        assert set(patient) == {"name", "clinic", "episode", "procedure_at", "device_token", "risk_factors"}
    assert set(told["processes"]) == {"web", "worker", "watch", "auditor", "canary", "postgres", "broker"}
    assert all(Path(f"/proc/{pid}").exists() for pid in told["processes"].values())
    assert (first.var / "demo.json").stat().st_mode & 0o077 == 0


def test_the_first_thirty_are_settled(first):
    patients = first.told["patients"][:ENOUGH]
    assert len({patient["clinic"] for patient in patients}) == 2
    for patient in patients:
        age = datetime.now(UTC) - datetime.fromisoformat(patient["procedure_at"])
        assert timedelta(hours=84) <= age <= timedelta(days=40)
    uuids = ", ".join(f"'{patient['episode']}'" for patient in patients)
    assert count(first, f"recovery_episode WHERE uuid IN ({uuids}) AND status = 'active'") == ENOUGH
    urgent = "recovery_alert a JOIN recovery_episode e ON e.id = a.episode_id WHERE a.tier >= 3"
    assert count(first, f"{urgent} AND a.status IN ('open', 'acknowledged') AND e.uuid IN ({uuids})") == 0


def test_the_clock_has_landed_on_real_time(first):
    assert struct.unpack("<d", (first.var / "demo-clock").read_bytes()) == (0.0,)
    assert count(first, "recovery_assessment WHERE judged_at > now() OR flagged_at > now()") == 0
    assert (
        count(first, "recovery_checkin WHERE revision = 1 AND sent_at > received_at + interval '1 minute'")
        == 0
    )


def test_every_phone_is_signed_in(first):
    assert {first.get("/api/v1/me", patient["device_token"]) for patient in first.told["patients"]} == {200}


def test_a_life_was_lived(first):
    """Reports late, corrected, finished and refused; missed ones; alerts of every tier, worked on, some nobody's."""
    assert count(first, "recovery_checkin") > 200
    assert count(first, "recovery_checkin WHERE received_at - observed_at > interval '5 hours'") > 3
    assert count(first, "recovery_checkinrevision WHERE reason = 'corrected'") > 0
    assert count(first, "recovery_checkinrevision WHERE reason = 'finished'") > 0
    assert count(first, "recovery_assessment WHERE silent_slot IS NOT NULL") > 5
    assert count(first, "recovery_alert WHERE status = 'closed' AND outcome <> ''") > 20
    with database(first) as connection:
        waiting = connection.execute(
            "SELECT DISTINCT tier FROM recovery_alert WHERE status = 'open' AND owner_id IS NULL"
        ).fetchall()
    assert {4, 3, 2} <= {tier for (tier,) in waiting}


def test_a_missed_check_in_is_noticed_on_its_own_day(first):
    """At first; what came late has it judged anew."""
    noticed = "SELECT min(judged_at) - min(effective_at) AS after FROM recovery_assessment"
    by_slot = f"{noticed} WHERE silent_slot IS NOT NULL GROUP BY episode_id, silent_slot"
    assert count(first, f"({by_slot}) noticed") > 5
    assert count(first, f"({by_slot}) noticed WHERE after > interval '15 minutes'") == 0


def test_every_mail_that_left_lies_in_the_folder(first):
    mails = list(Path(first.told["mail_dir"]).glob("*.eml"))
    with database(first) as connection:
        (sent,) = connection.execute(
            "SELECT count(DISTINCT message_key) FROM recovery_notification WHERE status = 'sent'"
        ).fetchone()
    assert len(mails) == sent > 20
    text = mails[0].read_text()
    assert first.told["base_url"] in text


def test_the_screen_says_how_to_take_a_seat(first):
    said = first.log.read_text()
    nurse = next(member for member in first.told["staff"] if member["role"] == "nurse")
    assert f"{first.told['base_url']}/phone" in said
    assert nurse["email"] in said
    assert nurse["password"] in said
    assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", said)


def test_every_seat_is_told_and_can_be_taken(first):
    """One of each role signs in with what stands on the screen and comes to the first page of theirs."""
    said, told = first.log.read_text(), first.told
    homes = {"doctor": "/", "coordinator": "/", "admin": "/team", "auditor": "/audit", "operator": "/owed"}
    for role, home in homes.items():
        member = next(each for each in [*told["staff"], *told["overseers"]] if each["role"] == role)
        assert re.search(rf"{role} +{member['email']} +{member['password']}", said)
        assert signed_in(first, member)(home) == 200


def test_who_helps_takes_a_phone_in_hand(first):
    helper = first.told["helper"]
    first.wait(lambda: helper["code"] in first.log.read_text())
    device = {"name": "Robin's phone", "platform": "web"}
    token = asked(first, "/api/v1/enrolments/redeem", {"code": helper["code"], "device": device})[
        "device_token"
    ]
    me = asked(first, "/api/v1/me", token=token)
    assert (me["caregiver"]["name"], me["caregiver"]["scope"]) == (helper["name"], helper["scope"])


def test_a_second_demo_in_the_same_place_is_refused(first):
    with pytest.raises(product.CannotRun, match=f"in use by process {first.process.pid}"):
        product.run(product.Wishes(var=first.var, port=ports.free()))


def test_a_process_that_ends_is_started_again_and_told_of(first):
    before = first.told["processes"]
    os.kill(before["worker"], signal.SIGKILL)
    first.wait(lambda: first.told.get("processes", {}).get("worker", before["worker"]) != before["worker"])
    after = first.told
    assert after["ready"] is True
    assert after["patients"]
    assert {name for name in before if after["processes"][name] != before[name]} == {"worker"}


def test_stopped_and_started_again_it_goes_on_and_killed_it_leaves_nothing():
    with a_place() as var:
        with demo(var, *TINY) as first:
            earlier = first.told
            assert first.stop() == 0
        assert not (var / "demo.json").exists()
        assert left_running(var) == {}
        with demo(var, *TINY) as second:
            goes_on(second, earlier)
            os.kill(second.process.pid, signal.SIGKILL)
            second.process.wait()
            deadline = time.monotonic() + 30
            while left_running(var) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert left_running(var) == {}
            assert not (var / "demo.json").exists()


def asked(run: Demo, path: str, body: dict[str, object] | None = None, token: str = "") -> dict[str, Any]:
    """As a phone."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(run.told["base_url"] + path, data, headers), timeout=20) as answer:
        return dict(json.load(answer))


def signed_in(run: Demo, member: dict[str, str]) -> Callable[[str], int]:
    """Through the pages, with the code that stands there. Returns what asks for a page as them."""
    cookies = CookieJar()
    browser = build_opener(HTTPCookieProcessor(cookies))
    base = run.told["base_url"]

    def press(path: str, **typed: str) -> str:
        token = next(cookie.value for cookie in cookies if cookie.name == "csrftoken")
        body = urlencode(typed | {"csrfmiddlewaretoken": token}).encode()
        with browser.open(base + path, body, timeout=20) as answer:
            return str(answer.read().decode())

    def opened(path: str) -> int:
        with browser.open(base + path, timeout=20) as answer:
            assert "/accounts/" not in answer.url
            return int(answer.status)

    browser.open(f"{base}/accounts/login/", timeout=20).close()
    page = press("/accounts/login/", login=member["email"], password=member["password"])
    code = re.search(r'id="demo-code">(\d{6})<', page)
    assert code, page
    press("/accounts/second-factor/", code=code[1])
    return opened


def goes_on(second: Demo, earlier):
    """The same patients; tokens and passwords anew, and the old ones are good for nothing."""
    told = second.told
    assert {p["episode"] for p in told["patients"]} >= {p["episode"] for p in earlier["patients"]}
    assert {second.get("/api/v1/me", patient["device_token"]) for patient in told["patients"]} == {200}
    assert {second.get("/api/v1/me", patient["device_token"]) for patient in earlier["patients"]} == {401}
    passwords = {member["password"] for member in [*told["staff"], *told["overseers"]]}
    assert not passwords & {member["password"] for member in [*earlier["staff"], *earlier["overseers"]]}
    assert told["helper"]["name"] == earlier["helper"]["name"]
    assert told["helper"]["code"] != earlier["helper"]["code"]
