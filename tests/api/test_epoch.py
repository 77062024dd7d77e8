"""O5: an answer tells of which history of the database it is, so that phones notice a restore."""

import re

import pytest
from django.db import connection
from django.test import Client

from recovery import epoch
from tests.api.phones import CHECK_INS, Phone, check_in

pytestmark = pytest.mark.django_db


def test_o05_every_answer_to_a_phone_tells_the_same_word(ana: Phone) -> None:
    answers = [
        ana.post(CHECK_INS, check_in(20)),
        ana.post(CHECK_INS, {"nonsense": 1}),
        ana.get("/api/v1/me"),
    ]

    words = {answer.headers["Recovery-Epoch"] for answer in answers}
    assert len(words) == 1
    assert re.fullmatch(r"[0-9a-f]{16}", words.pop())


def test_o05_it_is_asked_once_for_each_connection(ana: Phone) -> None:
    first = ana.get("/api/v1/me").headers["Recovery-Epoch"]
    epoch._known[connection.connection] = "kept with it"

    assert ana.get("/api/v1/me").headers["Recovery-Epoch"] == "kept with it"
    del epoch._known[connection.connection]
    assert ana.get("/api/v1/me").headers["Recovery-Epoch"] == first


def test_what_needs_no_database_asks_it_nothing() -> None:
    assert Client().get("/api/v1/problems/not_found").status_code == 200
