import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from recovery import checkins
from recovery.models import Assessment, CheckIn, Quarantine
from tests.api.conftest import SetClock
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in


def send(phone: Phone, items: list[Any]) -> Any:
    return phone.post(BATCH, {"check_ins": items})


def statuses(answered: Any) -> list[int]:
    assert answered.status_code == 200
    return [result["status"] for result in answered.json()["results"]]


def test_each_check_in_is_answered_as_if_sent_by_itself(ana: Phone, eve: Phone, set_clock: SetClock) -> None:
    set_clock(60)
    items = [check_in(20), check_in(30, bleeding="oozing"), check_in(50, pain_now=3)]

    results = send(ana, items).json()["results"]

    alone = [eve.post(CHECK_INS, item) for item in items]
    assert [result["status"] for result in results] == [201, 201, 201]
    assert [result["body"] for result in results] == [answered.json() for answered in alone]


def test_one_bad_among_a_hundred_is_refused_kept_and_judged_and_the_others_are_taken(
    ana: Phone, set_clock: SetClock
) -> None:
    """Y6"""
    set_clock(200)
    items = [check_in(10 + number) for number in range(100)]
    items[57]["answers"] |= {"pain_now": 11, "chest_pain": "yes"}

    answered = send(ana, items)

    refused = answered.json()["results"][57]["body"]
    assert statuses(answered) == [201] * 57 + [422] + [201] * 42
    assert [error["place"] for error in refused["errors"]] == ["answers.pain_now"]
    assert refused["urgency"] == "emergency"
    assert CheckIn.objects.count() == 99
    assert str(Quarantine.objects.get().client_id) == items[57]["id"]
    assert json.loads(bytes(Quarantine.objects.get().body)) == items[57]


def test_one_that_cannot_be_read_spoils_no_other(ana: Phone) -> None:
    items = [check_in(10), check_in(11, free_text="half \ud83d"), check_in(12)]

    answered = send(ana, items)

    refused = answered.json()["results"][1]["body"]
    assert statuses(answered) == [201, 400, 201]
    assert (refused["code"], refused["urgency"]) == ("lone_surrogate", "same_day")
    assert json.loads(bytes(Quarantine.objects.get().body)) == items[1]


def test_nothing_is_lost_of_what_stood_twice(ana: Phone) -> None:
    raw = json.dumps({"check_ins": [check_in(10)]}).replace(
        '"pain_now": 2', '"pain_now": 9, "pain_now": 1e999'
    )

    assert statuses(ana.post(BATCH, raw.encode())) == [400]

    kept = json.loads(bytes(Quarantine.objects.get().body))
    assert kept["answers"]["pain_now"] == {"duplicate_key": [9, {"number_too_large": "1e999"}]}


@pytest.mark.parametrize("item", [None, [], "check-in", 7, True])
def test_an_item_that_is_no_object_is_refused_by_itself(ana: Phone, item: Any) -> None:
    assert statuses(send(ana, [item, check_in()])) == [400, 201]


def test_a_batch_that_broke_off_half_way_may_be_sent_again_whole(
    ana: Phone, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Y7: the process dies at the fourth of seven; what was committed is found again."""
    set_clock(60)
    items = [check_in(10 + number) for number in range(7)]
    submit = checkins.submit

    def die_at_the_fourth(**arguments: Any) -> checkins.Receipt:
        if CheckIn.objects.count() == 3:
            raise SystemExit
        return submit(**arguments)

    monkeypatch.setattr(checkins, "submit", die_at_the_fourth)
    with pytest.raises(SystemExit):
        send(ana, items)
    monkeypatch.setattr(checkins, "submit", submit)

    assert statuses(send(ana, items)) == [200] * 3 + [201] * 4
    assert statuses(send(ana, items)) == [200] * 7
    assert (CheckIn.objects.count(), Assessment.objects.filter(is_current=True).count()) == (7, 7)


def test_a_twin_in_the_same_batch_is_the_same_report(ana: Phone) -> None:
    """B42"""
    sent = check_in()

    assert statuses(send(ana, [sent, sent])) == [201, 200]


def test_the_same_id_with_other_answers_in_one_batch_the_first_wins(ana: Phone) -> None:
    """B42"""
    sent, other = check_in(), check_in(chest_pain="yes")

    answered = send(ana, [sent, other | {"id": sent["id"]}])

    assert statuses(answered) == [201, 422]
    assert answered.json()["results"][1]["body"]["urgency"] == "emergency"


def test_any_order_of_arrival_leaves_the_same_check_ins(ana: Phone, eve: Phone, set_clock: SetClock) -> None:
    set_clock(100)
    items = [check_in(10 + 5 * number) for number in range(6)]

    assert statuses(send(ana, items)) == statuses(send(eve, items[::-1])) == [201] * 6
    shown = [[shown["id"] for shown in phone.get(CHECK_INS).json()["check_ins"]] for phone in (ana, eve)]
    assert shown[0] == shown[1]


def test_a_batch_has_from_1_to_100(ana: Phone) -> None:
    """B42"""
    none, one, many = send(ana, []), send(ana, [check_in()]), send(ana, [check_in()] * 101)

    assert (none.status_code, none.json()["code"]) == (422, "invalid")
    assert statuses(one) == [201]
    assert (many.status_code, many.json()["code"]) == (413, "too_many")
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b'{"check_ins": [', 400),
        (b"[]", 400),
        (b'{"check_ins": NaN}', 422),
        (b'{"check_ins": {}}', 422),
        (b'{"check_ins": [1], "more": 1}', 422),
        (b'{"check_ins": ["' + b"a" * 5 * 1024 * 1024 + b'"]}', 413),
    ],
)
def test_what_is_no_batch_is_kept_and_the_patient_told_to_call(ana: Phone, raw: bytes, status: int) -> None:
    answered = ana.post(BATCH, raw)

    assert answered.status_code == status
    assert answered.json()["urgency"] == "same_day"
    assert answered.json()["action"].startswith("Call your care team now")
    assert bytes(Quarantine.objects.earliest("pk").body) == raw[: 256 * 1024]


def test_of_a_batch_with_too_many_each_is_judged_and_kept_by_itself(ana: Phone, set_clock: SetClock) -> None:
    set_clock(200)
    items = [check_in(10 + number) for number in range(101)]
    items[100]["answers"] |= {"cannot_move": "yes"}

    answered = send(ana, items)

    assert (answered.status_code, answered.json()["code"]) == (413, "too_many")
    assert answered.json()["urgency"] == "emergency"
    assert "NEURO-MOVE" in [line["rule"] for line in answered.json()["lines"]]
    kept = Quarantine.objects.get(client_id=items[100]["id"])
    assert json.loads(bytes(kept.body)) == items[100]
    assert Assessment.objects.filter(quarantine=kept, flagged_at=None, tier=4).exists()
    assert send(ana, items).json()["urgency"] == "emergency"
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize(
    "envelope", ['{"check_ins": [%s], "app": 1}', '{"check_ins": [], "check_ins": [7, %s]}']
)
def test_an_envelope_that_does_not_fit_hides_no_emergency(ana: Phone, envelope: str) -> None:
    sent = check_in(cannot_move="yes", wound=["pus"])
    mild = check_in(wound=["pus"])

    answered = ana.post(BATCH, (envelope % f"{json.dumps(mild)}, {json.dumps(sent)}").encode())

    assert (answered.status_code, answered.json()["code"]) == (422, "invalid")
    assert answered.json()["urgency"] == "emergency"
    rules = [line["rule"] for line in answered.json()["lines"]]
    assert rules[0] == "NEURO-MOVE"
    assert len(rules) == len(set(rules))
    assert {str(row.client_id) for row in Quarantine.objects.exclude(client_id=None)} == {
        mild["id"],
        sent["id"],
    }


def test_of_what_lies_beyond_two_hundred_a_human_being_is_told(ana: Phone) -> None:
    sent = check_in()

    answered = send(ana, [sent] * 1_000)

    assert answered.json()["urgency"] == "same_day"
    assert answered.json()["errors"][0]["place"] == "check_ins[200:1000]"
    assert [row.readable for row in Quarantine.objects.order_by("pk")] == [False, True]


@pytest.mark.parametrize("depth", [21, 150, 400])
@pytest.mark.parametrize("brackets", ["[]", ('{"a":', "}")])
def test_one_nested_too_deeply_spoils_no_other(ana: Phone, depth: int, brackets: Any) -> None:
    opened, closed = brackets
    deep = json.dumps(check_in(11)).replace('"pain_now": 2', f'"pain_now": {opened * depth}1{closed * depth}')
    raw = f'{{"check_ins": [{json.dumps(check_in(10))}, {deep}, {json.dumps(check_in(12))}]}}'

    answered = ana.post(BATCH, raw.encode())

    refused = answered.json()["results"][1]["body"]
    assert statuses(answered) == [201, 400, 201]
    assert (refused["code"], refused["urgency"]) == ("too_deep", "same_day")
    assert json.loads(bytes(Quarantine.objects.get().body))["answers"]["chest_pain"] == "no"


def test_while_the_database_is_away_the_whole_batch_comes_again_and_the_patient_is_told(
    ana: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(checkins, "submit", fail)

    answered = send(ana, [check_in(), 7, check_in(chest_pain="yes", pain_now=11)])

    assert (answered.status_code, answered.json()["code"]) == (503, "unavailable")
    assert answered.headers["Retry-After"] == "5"
    assert answered.json()["urgency"] == "emergency"


def test_five_megabytes_fit(ana: Phone) -> None:
    answered = send(ana, [check_in(), {"id": str(uuid4()), "note": "a" * 4_900_000}])

    assert statuses(answered) == [201, 422]
