"""Corrections, half-finished reports and withdrawals, in turn and out of it: rows Y11 and Y12 of the cases of mobile
synchronisation, through the doors."""

from typing import Any

import pytest

from recovery.models import Assessment, CheckIn, Quarantine, User
from tests.api.phones import CHECK_INS, Phone, check_in, correction
from tests.factories import at
from tests.hold.desk import HIGH, OOZING, VERY_HIGH, kinds, live, page_of
from tests.hold.settled import settle

pytestmark = pytest.mark.django_db


def sent_and_corrected(phone: Phone, first: dict[str, Any], *corrections: dict[str, Any]) -> str:
    sent = check_in(20, **first)
    phone.post(CHECK_INS, sent)
    settle(at(20))
    for base, changes in enumerate(corrections, start=1):
        clear = {"temp": {"value": 36.7, "unit": "C"}, "bleeding": "none"} | changes
        answered = phone.put(f"{CHECK_INS}/{sent['id']}", correction(sent, base, **clear))
        assert (answered.status_code, answered.json()["revision"]) == (200, base + 1)
        settle(at(20))
    return str(sent["id"])


def test_y11_a_milder_correction_ends_nothing_and_leaves_a_note(ana: Phone, ben: User) -> None:
    sent_and_corrected(ana, VERY_HIGH, HIGH)

    assert live(ana.device.episode) == {"FEVER": 4}
    assert kinds("FEVER") == ["opened", "changed"]
    assert "The patient changed the answer" in page_of("FEVER", ben)


def test_y11_a_worse_correction_opens_and_raises(ana: Phone) -> None:
    sent_and_corrected(ana, HIGH, VERY_HIGH | OOZING)

    assert live(ana.device.episode) == {"BLEED-OOZE": 3, "FEVER": 4}
    assert kinds("FEVER") == ["opened", "raised"]


def test_y11_twice_corrected_all_revisions_are_kept(ana: Phone) -> None:
    sent_and_corrected(ana, HIGH, {}, OOZING)

    row = CheckIn.objects.get()
    assert (row.revision, row.answers["bleeding"]) == (3, "oozing")
    kept = [(old.revision, old.answers["temp"]["value"]) for old in row.revisions.order_by("revision")]
    assert kept == [(1, 38.5), (2, 36.7)]
    assert live(ana.device.episode) == {"BLEED-OOZE": 3, "FEVER": 3}
    assert Assessment.objects.filter(check_in=row, is_current=True).get().revision == 3


def test_y11_a_correction_on_a_stale_base_is_refused_kept_and_judged(ana: Phone) -> None:
    sent_id = sent_and_corrected(ana, {}, HIGH)

    answered = ana.put(f"{CHECK_INS}/{sent_id}", correction(check_in(20), 1, bladder="new_or_worse"))
    settle(at(20))

    assert (answered.status_code, answered.json()["code"], answered.json()["revision"]) == (
        409,
        "stale_revision",
        2,
    )
    assert CheckIn.objects.get().answers["temp"]["value"] == 38.5
    assert Quarantine.objects.get().code == "stale_revision"
    assert live(ana.device.episode) == {"BLADDER": 4, "FEVER": 3}


def test_y11_half_finished_then_finished_is_no_correction(ana: Phone) -> None:
    half = check_in(20, bowel=None, **OOZING) | {"status": "in-progress"}
    ana.post(CHECK_INS, half)
    settle(at(20))
    ana.put(f"{CHECK_INS}/{half['id']}", correction(half, bowel="no") | {"status": "completed"})
    settle(at(20))

    assert CheckIn.objects.get().revisions.get().reason == "finished"
    assert kinds("BLEED-OOZE") == ["opened"]


def test_y11_a_report_that_is_withdrawn_is_kept_and_its_alert_stays_with_a_note(
    ana: Phone, ben: User
) -> None:
    sent = check_in(20, **OOZING)
    ana.post(CHECK_INS, sent)
    settle(at(20))

    assert ana.delete(f"{CHECK_INS}/{sent['id']}").status_code == 204
    settle(at(20))

    assert live(ana.device.episode) == {"BLEED-OOZE": 3}
    assert kinds("BLEED-OOZE") == ["opened", "changed"]
    assert "The patient took the report back" in page_of("BLEED-OOZE", ben)
    assert CheckIn.objects.get().answers["bleeding"] == "oozing"


@pytest.mark.parametrize("original_comes", [True, False])
def test_y12_a_correction_that_comes_first_is_taken_at_once_and_no_red_flag_waits(
    ana: Phone, original_comes: bool
) -> None:
    """Holding it back for its original could hold a red flag back, so it is not held."""
    original = check_in(20, **HIGH)
    put = ana.put(
        f"{CHECK_INS}/{original['id']}",
        correction(original, temp={"value": 36.7, "unit": "C"}, chest_pain="yes"),
    )
    settle(at(20))
    assert (put.status_code, put.json()["revision"], put.json()["urgency"]) == (200, 2, "emergency")
    assert live(ana.device.episode) == {"CHEST": 4}

    if original_comes:
        post = ana.post(CHECK_INS, original)
        settle(at(20))
        assert (post.status_code, post.json()["revision"], post.json()["urgency"]) == (201, 2, "emergency")
        assert live(ana.device.episode) == {"CHEST": 4, "FEVER": 3}
        assert kinds("FEVER") == ["opened", "changed"]
    row = CheckIn.objects.get()
    assert (row.revision, row.answers["chest_pain"]) == (2, "yes")
