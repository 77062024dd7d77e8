from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from recovery import enrolment
from recovery.models import DeviceToken, Episode
from tests import factories
from tests.api.conftest import SetClock
from tests.api.phones import ME, Phone

REDEEM = "/api/v1/enrolments/redeem"
DEVICE = {"name": "Ana's phone", "platform": "android"}


def redeem(code: str, **device: Any) -> Any:
    return Phone("", Client()).post(REDEEM, {"code": code, "device": DEVICE | device})


@pytest.fixture
def code(episode: Episode) -> str:
    return enrolment.issue_code(episode=episode, now=factories.T0)


def test_a_code_is_exchanged_for_a_token_that_signs_in(code: str, episode: Episode) -> None:
    answered = redeem(code)

    told = answered.json()
    assert answered.status_code == 201
    assert told["device"]["name"] == "Ana's phone"
    assert told["patient"] == {"first_name": "Ana"}
    assert (told["episode"]["id"], told["episode"]["procedure"]) == (str(episode.uuid), "vertebroplasty")
    assert Phone(told["device_token"], Client()).get(ME).status_code == 200


def test_only_the_hash_of_a_token_is_stored(code: str) -> None:
    token = redeem(code).json()["device_token"]

    assert len(token) >= 43  # 256 bits
    assert token not in str(DeviceToken.objects.values())


def test_case_blanks_and_dashes_are_forgiven(code: str) -> None:
    assert redeem(f" {code.lower().replace('-', ' ')} ").status_code == 201


def test_a_code_works_once(code: str) -> None:
    redeem(code)

    again = redeem(code)

    assert (again.status_code, again.json()["code"]) == (410, "code_expired")


def test_a_code_lives_72_hours(code: str, set_clock: SetClock) -> None:
    set_clock(72)

    assert redeem(code).json()["code"] == "code_expired"


def wrong(code: str) -> str:
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def test_five_wrong_tries_lock_a_code(code: str) -> None:
    """S19"""
    tries = [redeem(wrong(code)).json()["code"] for _ in range(5)]

    locked = redeem(code)

    assert tries == ["code_invalid"] * 5
    assert (locked.status_code, locked.json()["code"]) == (423, "code_locked")
    assert DeviceToken.objects.count() == 0


@pytest.mark.parametrize("unknown", ["ZZZZ-ZZZZ-ZZZZ", "x", "\u0130\u0131", "' OR 1=1 --", "%", "0" * 40])
def test_a_code_that_never_was_is_answered_like_a_mistyped_one(code: str, unknown: str) -> None:
    """S18"""
    unknown_one, mistyped = redeem(unknown), redeem(wrong(code))

    assert unknown_one.status_code == mistyped.status_code == 422
    assert {**unknown_one.json(), "request_id": ""} == {**mistyped.json(), "request_id": ""}


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_redeem_a_code_once(set_clock: SetClock) -> None:
    """S19"""
    code = enrolment.issue_code(episode=factories.episode(), now=factories.T0)

    def try_it(_: int) -> int:
        try:
            return int(redeem(code).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        statuses = sorted(threads.map(try_it, range(20)))

    assert statuses == [201] + [410] * 19
    assert DeviceToken.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, ["code", "device"]),
        ({"code": 7, "device": DEVICE}, ["code"]),
        ({"code": "", "device": DEVICE}, ["code"]),
        ({"code": "0" * 41, "device": DEVICE}, ["code"]),
        ({"code": "x", "device": "phone"}, ["device"]),
        ({"code": "x", "device": {}}, ["device.name", "device.platform"]),
        ({"code": "x", "device": DEVICE | {"name": "n" * 101}}, ["device.name"]),
        ({"code": "x", "device": DEVICE, "patient": 1}, ["patient"]),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_its_places(db: None, body: Any, places: list[str]) -> None:
    answered = Phone("", Client()).post(REDEEM, body)

    assert (answered.status_code, answered.json()["code"]) == (422, "invalid")
    assert [error["place"] for error in answered.json()["errors"]] == places
    assert "urgency" not in answered.json()


@pytest.mark.parametrize(("raw", "status"), [(b"", 400), (b"{", 400), (b"{" + b" " * 16 * 1024 + b"}", 413)])
def test_nothing_of_a_stranger_is_kept(db: None, raw: bytes, status: int) -> None:
    assert Phone("", Client()).post(REDEEM, raw).status_code == status
