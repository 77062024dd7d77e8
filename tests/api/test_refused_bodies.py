"""A body that cannot be taken (Y13): kept as it came and sealed, counted on the board; a red flag in it is told."""

import json

import pytest
from django.db import connection
from django.test import Client

from recovery import alerts
from recovery.models import Alert, Assessment, CheckIn, Episode, Quarantine
from tests import factories
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in
from tests.factories import at

WORDS = "my own words, of which a copy tells nothing"
RED = check_in(19, chest_pain="yes", free_text=WORDS)
BODIES = {
    "an unknown field": json.dumps(RED | {"mood": "low"}),
    "an answer of another kind": json.dumps(RED | {"answers": RED["answers"] | {"pain_now": "seven"}}),
    "a key twice": json.dumps(RED).replace('"pain_now"', '"cough": "no", "pain_now"', 1),
    "cut off": json.dumps(RED)[:-2],
    "no instant": json.dumps(RED | {"observed_at": "yesterday"}),
}


@pytest.mark.parametrize("what", BODIES)
def test_y13_a_body_that_cannot_be_taken_is_kept_sealed_counted_and_judged(
    ana: Phone, episode: Episode, what: str
) -> None:
    answered = ana.post(CHECK_INS, BODIES[what].encode())

    for pk in Assessment.objects.filter(flagged_at=None).values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="watch", now=at(20))
    kept = Quarantine.objects.get()
    assert answered.status_code in (400, 422)
    assert not CheckIn.objects.exists()
    assert kept.body.decode() == BODIES[what]
    assert WORDS not in stored()
    assert "1 refused report waits to be read" in board(episode)
    told = set(Alert.objects.values_list("rule", "tier"))
    assert ("UNREADABLE", 3) in told if what == "cut off" else max(tier for _, tier in told) == 4


def test_y13_of_bytes_that_are_no_text_every_one_is_kept(ana: Phone, episode: Episode) -> None:
    ana.post(CHECK_INS, b'\xff\xfe{"answers": \x00')

    assert Quarantine.objects.get().body == b'\xff\xfe{"answers": \x00'
    assert "1 refused report waits to be read" in board(episode)


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(q::text || encode(body, 'escape'), '') FROM recovery_quarantine q")
        [(row,)] = cursor.fetchall()
    return str(row)


def board(episode: Episode) -> str:
    client = Client()
    client.force_login(factories.member(episode.team, "Nia Boyd"))
    page = client.get("/").content.decode()
    return " ".join(page.replace("</a>", "").split())


def test_y13_what_one_door_could_not_read_mutes_nothing_at_another(ana: Phone, episode: Episode) -> None:
    """An app that sends a report to the batch first. Sent again to either door it is the same report."""
    sent = check_in(19, chest_pain="yes") | {"mood_of_the_day": "fine"}
    unread = ana.post(BATCH, sent)
    assert (unread.status_code, unread.json()["urgency"]) == (422, "same_day")

    for _ in range(2):
        assert ana.post(CHECK_INS, sent).json()["urgency"] == "emergency"
        ana.post(BATCH, sent)

    tiers = Assessment.objects.filter(episode=episode).order_by("pk").values_list("tier", flat=True)
    assert list(tiers) == [3, 4]
