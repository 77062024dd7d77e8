"""What comes under the id of a withdrawn check-in."""

import pytest

from recovery.models import Assessment, Quarantine
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in, correction

SENT = check_in(chest_pain="yes")


@pytest.fixture
def withdrawn(ana: Phone) -> Phone:
    ana.post(CHECK_INS, SENT)
    ana.delete(f"{CHECK_INS}/{SENT['id']}")
    return ana


def test_a_late_copy_of_what_was_withdrawn_is_neither_kept_nor_judged(withdrawn: Phone) -> None:
    answered = withdrawn.post(CHECK_INS, SENT)
    in_a_batch = withdrawn.post(BATCH, {"check_ins": [SENT]}).json()["results"][0]

    assert (answered.status_code, answered.json()["code"]) == (410, "withdrawn")
    assert (in_a_batch["status"], in_a_batch["body"]["code"]) == (410, "withdrawn")
    assert "urgency" not in answered.json()
    assert not Quarantine.objects.exists()
    assert Assessment.objects.count() == 1


def test_other_answers_under_its_id_are_kept_and_judged(withdrawn: Phone) -> None:
    other = SENT | {"answers": SENT["answers"] | {"cannot_move": "yes"}}

    answered = withdrawn.post(CHECK_INS, other)

    assert answered.status_code == 422
    assert answered.json()["urgency"] == "emergency"
    assert Assessment.objects.filter(quarantine=Quarantine.objects.get(), flagged_at=None).exists()


def test_a_late_copy_of_a_correction_that_was_withdrawn_is_neither_kept_nor_judged(ana: Phone) -> None:
    path, first, second = (
        f"{CHECK_INS}/{SENT['id']}",
        correction(SENT, bleeding="oozing"),
        correction(SENT, 2),
    )
    ana.post(CHECK_INS, SENT)
    ana.put(path, first)
    ana.put(path, second)
    ana.delete(path)

    answered = [ana.put(path, late) for late in (first, second)]

    assert [(each.status_code, each.json()["code"]) for each in answered] == [(410, "withdrawn")] * 2
    assert "urgency" not in answered[0].json()
    assert not Quarantine.objects.exists()
    assert Assessment.objects.count() == 3


def test_another_correction_of_what_was_withdrawn_is_kept_and_judged(withdrawn: Phone) -> None:
    answered = withdrawn.put(f"{CHECK_INS}/{SENT['id']}", correction(SENT, cannot_move="yes"))

    assert (answered.status_code, answered.json()["urgency"]) == (410, "emergency")
    assert Assessment.objects.filter(quarantine=Quarantine.objects.get(), flagged_at=None).exists()


def test_a_late_copy_of_a_correction_that_was_corrected_since_was_sent_before(ana: Phone) -> None:
    path, first = f"{CHECK_INS}/{SENT['id']}", correction(SENT, bleeding="oozing")
    ana.post(CHECK_INS, SENT)
    ana.put(path, first)
    ana.put(path, correction(SENT, 2, bleeding="none"))

    late = ana.put(path, first)

    assert (late.status_code, late.headers["Idempotent-Replay"], late.json()["revision"]) == (200, "true", 3)
    assert not Quarantine.objects.exists()


def test_what_was_sent_before_is_not_kept_once_more_for_being_in_a_refused_batch(withdrawn: Phone) -> None:
    taken, new = check_in(calf="one_leg"), check_in(19)
    withdrawn.post(CHECK_INS, taken)

    answered = withdrawn.post(BATCH, {"check_ins": [SENT, taken, new], "app": 1})

    assert answered.status_code == 422
    assert [line["rule"] for line in answered.json()["lines"]] == ["LEG-CLOT"]  # as it was told before
    assert [str(row.client_id) for row in Quarantine.objects.exclude(client_id=None)] == [new["id"]]
