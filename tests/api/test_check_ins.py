import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import enrolment
from recovery.models import Alert, Assessment, CheckIn, CheckInRevision, Episode, Quarantine
from tests import factories
from tests.api.phones import CHECK_INS, Phone, check_in, correction
from tests.factories import at


def test_a_check_in_is_answered_with_what_to_do(ana: Phone) -> None:
    sent = check_in(20, numbness="new_or_worse", numbness_where=["one_leg"])

    answered = ana.post(CHECK_INS, sent)

    told = answered.json()
    assert answered.status_code == 201
    assert (told["id"], told["revision"], told["status"]) == (sent["id"], 1, "completed")
    assert (told["urgency"], told["hours"], told["day"], told["phase"]) == ("same_day", 20.0, 1, "phase-1")
    assert told["action"].startswith("Call your care team now on 020 7946 0101.")
    assert [line["rule"] for line in told["lines"]] == ["NEURO-NUMB"]
    assert told["footer"] == "This app is not watched all the time. In an emergency call 999."


@pytest.mark.hazard("HZ6.1")
def test_one_without_findings_says_so_without_saying_that_all_is_well(ana: Phone) -> None:
    told = ana.post(CHECK_INS, check_in()).json()

    assert (told["urgency"], told["lines"]) == ("none", [])
    assert "This is not a check-up." in told["action"]
    assert told["notes"][0].startswith("Soreness is common for two or three days.")


@pytest.mark.hazard("HZ3.1")
def test_a_half_finished_one_is_judged_at_once(ana: Phone) -> None:
    sent = check_in() | {"status": "in-progress", "answers": {"chest_pain": "yes"}}

    told = ana.post(CHECK_INS, sent).json()

    assert (told["status"], told["urgency"]) == ("in-progress", "emergency")


@pytest.mark.hazard("HZ10.3")
def test_the_same_sent_again_is_answered_byte_for_byte(ana: Phone) -> None:
    """Y1: the answer was lost on the way; the phone sends again and learns the same."""
    sent = check_in(bleeding="oozing")

    first, again = ana.post(CHECK_INS, sent), ana.post(CHECK_INS, sent)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert again.headers["Idempotent-Replay"] == "true"
    assert "Idempotent-Replay" not in first.headers
    assert (CheckIn.objects.count(), Assessment.objects.count()) == (1, 1)


def test_key_order_blanks_and_the_time_of_sending_make_no_other_report(ana: Phone) -> None:
    """Y3"""
    sent = check_in(free_text="caf\u00e9")
    ana.post(CHECK_INS, sent)
    again = {name: sent[name] for name in reversed(list(sent))} | {"sent_at": "2026-03-03T10:00:00Z"}
    again["answers"] |= {"free_text": "cafe\u0301"}

    assert ana.post(CHECK_INS, json.dumps(again, indent=4).encode()).status_code == 200


def test_the_same_id_with_another_answer_is_refused_kept_and_judged(ana: Phone) -> None:
    """Y4: the first report stands, and the red flag in the second still reaches the team."""
    sent = check_in()
    ana.post(CHECK_INS, sent)

    answered = ana.post(CHECK_INS, sent | {"answers": sent["answers"] | {"cannot_move": "yes"}})

    problem = answered.json()
    kept = Quarantine.objects.get()
    assert (answered.status_code, problem["code"], problem["urgency"]) == (422, "id_conflict", "emergency")
    assert problem["action"] == "Call 999 now. Do not drive yourself."
    assert (kept.code, str(kept.client_id), kept.readable) == ("id_conflict", sent["id"], True)
    assert CheckIn.objects.get().answers["cannot_move"] == "no"
    assert Assessment.objects.get(quarantine=kept).flagged_at is None


def test_two_patients_may_use_one_id(ana: Phone, eve: Phone) -> None:
    """Y5: nobody can squat on, or probe for, the ids of others."""
    sent = check_in()

    assert [ana.post(CHECK_INS, sent).status_code, eve.post(CHECK_INS, sent).status_code] == [201, 201]


def test_at_most_six_statements_signing_in_included(ana: Phone) -> None:
    ana.post(CHECK_INS, check_in(19))

    with CaptureQueriesContext(connection) as captured:
        ana.post(CHECK_INS, check_in(20))

    assert len(captured) <= 6, [query["sql"] for query in captured]


def test_a_correction_makes_a_new_revision_and_is_judged_again(ana: Phone) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)

    answered = ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, chest_pain="yes"))

    told = answered.json()
    assert (answered.status_code, told["revision"], told["urgency"]) == (200, 2, "emergency")
    assert "Idempotent-Replay" not in answered.headers
    assert CheckInRevision.objects.get().answers["chest_pain"] == "no"


def test_a_correction_sent_again_is_answered_byte_for_byte(ana: Phone) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)
    corrected = correction(sent, chest_pain="yes")

    first, again = (ana.put(f"{CHECK_INS}/{sent['id']}", corrected) for _ in range(2))

    assert (first.content, again.headers["Idempotent-Replay"]) == (again.content, "true")
    assert CheckInRevision.objects.count() == 1


def test_a_correction_of_an_older_revision_is_refused_kept_and_judged(ana: Phone) -> None:
    """Y11"""
    sent = check_in()
    ana.post(CHECK_INS, sent)
    ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, pain_now=3))

    answered = ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, bladder="new_or_worse"))

    problem = answered.json()
    assert (answered.status_code, problem["code"], problem["revision"]) == (409, "stale_revision", 2)
    assert answered.headers["Retry-After"] == "1"
    assert problem["urgency"] == "emergency"
    assert CheckIn.objects.get().answers["bladder"] == "no"
    assert Quarantine.objects.get().code == "stale_revision"


@pytest.mark.parametrize("base_revision", [0, -1, 1.5, "1", True, None, 2**31, 10**18])
def test_a_correction_names_the_revision_it_corrects(ana: Phone, base_revision: Any) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)

    problem = ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, base_revision)).json()

    assert [error["place"] for error in problem["errors"]] == ["base_revision"]


def test_a_revision_may_be_written_with_a_point_as_json_allows(ana: Phone) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)

    answered = ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, pain_now=3) | {"base_revision": 1.0})

    assert (answered.status_code, answered.json()["revision"]) == (200, 2)


def test_the_id_in_a_correction_must_be_that_of_its_path(ana: Phone) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)

    other = ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent) | {"id": str(uuid4())})
    same = ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, pain_now=1) | {"id": sent["id"]})

    assert [error["code"] for error in other.json()["errors"]] == ["not_the_path"]
    assert same.status_code == 200


def test_a_correction_that_overtook_its_original_is_taken_at_once(ana: Phone) -> None:
    """Y12: holding it back for its original could hold a red flag back."""
    sent = check_in()

    corrected = ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, chest_pain="yes"))
    original = ana.post(CHECK_INS, sent)

    assert (corrected.status_code, corrected.json()["revision"], corrected.json()["urgency"]) == (
        200,
        2,
        "emergency",
    )
    assert (original.status_code, original.json()["revision"], original.json()["urgency"]) == (
        201,
        2,
        "emergency",
    )


def test_a_correction_under_the_id_of_somebody_elses_touches_only_the_own(ana: Phone, eve: Phone) -> None:
    """Y5"""
    foreign = check_in()
    eve.post(CHECK_INS, foreign)

    answered = ana.put(f"{CHECK_INS}/{foreign['id']}", correction(foreign, chest_pain="yes"))

    assert (answered.status_code, answered.json()["revision"]) == (200, 2)
    assert eve.get(f"{CHECK_INS}/{foreign['id']}").json()["answers"]["chest_pain"] == "no"


def test_an_id_of_an_earlier_episode_is_not_used_again(ana: Phone) -> None:
    """Ids are unique for a patient, over all episodes."""
    sent = check_in()
    ana.post(CHECK_INS, sent)
    patient = ana.device.patient
    Episode.objects.update(status="ended", ended_at=at(20), next_due_at=None)
    known = {name: getattr(patient, name) for name in ("name", "born_on", "hospital_number")}
    later = factories.episode(ana.device.episode.team, patient=enrolment.NewPatient(**known))
    phone = Phone(factories.phone(later)[1], Client())

    same = phone.post(CHECK_INS, sent)
    corrected = phone.put(f"{CHECK_INS}/{sent['id']}", correction(sent, chest_pain="yes"))

    assert (same.status_code, same.json()["code"]) == (422, "id_conflict")
    assert (corrected.status_code, corrected.json()["urgency"]) == (422, "emergency")
    assert phone.get(f"{CHECK_INS}/{sent['id']}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_twins_at_once_are_one_report(ana: Phone) -> None:
    """Y2: twenty of the same at once; one is taken, the others are answered alike or asked to come again."""
    sent = check_in(bleeding="oozing")

    def send(_: int) -> int:
        try:
            return int(Phone(ana.token, Client()).post(CHECK_INS, sent).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        statuses = sorted(threads.map(send, range(20)))

    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 409}
    assert (CheckIn.objects.count(), Assessment.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_refused_twins_at_once_are_kept_once(ana: Phone) -> None:
    sent = check_in(pain_now=11)

    def send(_: int) -> int:
        try:
            return int(Phone(ana.token, Client()).post(CHECK_INS, sent).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        assert set(threads.map(send, range(10))) == {422}
    assert Quarantine.objects.count() == 1


def test_a_withdrawn_check_in_is_kept_and_gone(ana: Phone) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)
    path = f"{CHECK_INS}/{sent['id']}"

    assert [ana.delete(path).status_code, ana.delete(path).status_code] == [204, 204]

    gone = ana.get(path)
    assert (gone.status_code, gone.json()["code"]) == (410, "withdrawn")
    assert ana.get(CHECK_INS).json()["check_ins"][0]["withdrawn_at"] is not None
    assert CheckIn.objects.get().answers == sent["answers"]


def test_what_comes_for_a_withdrawn_check_in_is_kept_before_the_phone_lets_go_of_it(ana: Phone) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)
    ana.delete(f"{CHECK_INS}/{sent['id']}")

    corrected = ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, chest_pain="yes"))

    assert (corrected.status_code, corrected.json()["urgency"]) == (410, "emergency")
    assert Quarantine.objects.get().code == "withdrawn"
    assert ana.post(CHECK_INS, sent).status_code == 410


def test_others_check_ins_are_as_missing_as_missing_ones(ana: Phone, eve: Phone) -> None:
    sent = check_in()
    eve.post(CHECK_INS, sent)

    for ask in (ana.get, ana.delete):
        foreign, missing = ask(f"{CHECK_INS}/{sent['id']}"), ask(f"{CHECK_INS}/{uuid4()}")
        assert foreign.status_code == missing.status_code == 404
        assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}
    assert ana.get(CHECK_INS).json() == {"check_ins": [], "next_cursor": None}
    assert CheckIn.objects.get().withdrawn_at is None


def test_one_check_in_is_shown_with_its_answers_and_its_verdict(ana: Phone) -> None:
    sent = check_in(20, bleeding="oozing", pain_change=None)
    told = ana.post(CHECK_INS, sent).json()

    shown = ana.get(f"{CHECK_INS}/{sent['id']}").json()

    assert shown["answers"] == {
        name: answer for name, answer in sent["answers"].items() if answer is not None
    }
    assert {name: shown[name] for name in told} == told


@pytest.mark.hazard("HZ3.1")
def test_the_request_leaves_the_alert_owed(ana: Phone) -> None:
    """It is opened by Celery or by the watch, whichever is alive."""
    ana.post(CHECK_INS, check_in(bleeding="soaking"))

    assert Alert.objects.count() == 0
    assert Assessment.objects.get().flagged_at is None
