"""Reports that come again, under ids in use, or many in a batch: rows Y3 to Y6 of the cases of mobile synchronisation.

The rows that need processes to die and lines to break (Y1, Y2, Y7, Y19) stand in test_arrivals_live.py. Everything goes
through the doors.
"""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from recovery import access
from recovery.models import Assessment, CheckIn, Episode, Quarantine, User
from tests import factories
from tests.api.conftest import SetClock
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in
from tests.factories import at
from tests.hold.desk import OOZING, live, page
from tests.hold.settled import settle

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "dress",
    [
        lambda sent: dict(reversed(sent.items())),
        lambda sent: sent | {"answers": dict(reversed(sent["answers"].items()))},
        lambda sent: sent | {"id": sent["id"].upper()},
        lambda sent: sent | {"observed_at": "2026-03-03T07:00:00.000+01:00"},
        lambda sent: sent | {"sent_at": "2026-03-05T06:00:00Z", "app_version": "test/2"},
        lambda sent: sent | {"answers": sent["answers"] | {"free_text": "cafe\u0301"}},
        lambda sent: sent | {"answers": sent["answers"] | {"pain_now": 2.0}},
        lambda sent: sent | {"answers": {key: value for key, value in sent["answers"].items() if value}},
    ],
    ids=[
        "order",
        "order of answers",
        "capitals",
        "offset",
        "sent later",
        "unicode",
        "number",
        "null left out",
    ],
)
def test_y03_another_form_of_the_same_report_is_the_same_report(
    ana: Phone, dress: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    sent = check_in(20, free_text="caf\u00e9", bowel=None, wound=None, allergy=None)
    first = ana.post(CHECK_INS, sent)

    again = ana.post(CHECK_INS, json.dumps(dress(sent), indent=4).encode())

    assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
    assert CheckIn.objects.count() == 1


def test_y04_the_same_id_with_another_answer_is_refused_kept_and_shown_to_the_team(
    ana: Phone, ben: User
) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)

    answered = ana.post(CHECK_INS, sent | {"answers": sent["answers"] | OOZING})
    settle(at(20))

    assert (answered.status_code, answered.json()["code"]) == (422, "id_conflict")
    assert answered.json()["urgency"] == "same_day"
    assert CheckIn.objects.get().answers["bleeding"] == "none", "the first stands"
    assert access.quarantine(ben).get().code == "id_conflict"
    assert live(ana.device.episode) == {"BLEED-OOZE": 3}
    assert "Another report came under its number before." in page("/reports", ben)


def test_y05_another_patients_id_is_free_and_says_nothing_of_the_other(
    ana: Phone, eve: Phone, episode: Episode
) -> None:
    neighbour = Phone(factories.phone(factories.episode(episode.team, name="Ida Moreau"))[1], Client())
    sent = check_in(**OOZING)
    phones = (ana, neighbour, eve)

    before = [phone.get(f"{CHECK_INS}/{sent['id']}").status_code for phone in phones]
    answered = [phone.post(CHECK_INS, sent) for phone in phones]
    again = [phone.post(CHECK_INS, sent).status_code for phone in phones]
    eve.delete(f"{CHECK_INS}/{sent['id']}")

    assert before == [404, 404, 404]
    assert [each.status_code for each in answered] == [201, 201, 201]
    assert again == [200, 200, 200]
    assert CheckIn.objects.filter(withdrawn_at=None).count() == 2


def test_y06_of_a_hundred_one_is_invalid_and_each_has_its_own_result_in_the_order_sent(
    ana: Phone, set_clock: SetClock
) -> None:
    set_clock(300)
    items = [check_in(10 + number * 2.5) for number in range(100)]
    random.Random(6).shuffle(items)
    items[57]["answers"] |= OOZING | {"pain_now": 11}

    answered = ana.post(BATCH, {"check_ins": items})
    settle(at(300))

    results = answered.json()["results"]
    assert [result["status"] for result in results] == [201] * 57 + [422] + [201] * 42
    taken = [result["body"]["id"] for result in results if result["status"] == 201]
    assert taken == [item["id"] for item in items if item is not items[57]]
    assert {str(row.client_id) for row in CheckIn.objects.all()} == set(taken)
    assert str(Quarantine.objects.get().client_id) == items[57]["id"]
    assert "BLEED-OOZE" in live(ana.device.episode), "what is valid in it is judged"
    assert not Assessment.objects.filter(flagged_at=None).exists()
