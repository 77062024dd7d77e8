"""What comes under the id of a withdrawn check-in."""

import pytest

from recovery.models import Assessment, Quarantine
from tests.api.phones import BATCH, CHECK_INS, Phone, check_in

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
