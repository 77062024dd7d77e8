"""Tom helps his mother Ana: on a phone of his own, under his own name, as far as she lets him. Over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recovery import caregivers, clock, enrolment, episodes
from recovery.api.urls import urlpatterns
from recovery.models import (
    AuditEvent,
    Caregiver,
    CheckIn,
    CheckInRevision,
    DeviceToken,
    Episode,
    EpisodeEvent,
)
from tests import factories
from tests.api.conftest import SetClock
from tests.api.phones import ALERTS, BATCH, CHECK_INS, DEVICE, ME, Phone, check_in, correction
from tests.api.test_enrolment import redeem
from tests.factories import at

HELPERS = "/api/v1/me/caregivers"
PHONES = "/api/v1/me/phones"
TOM = {"name": "Tom Whitfield", "relation": "son", "scope": "report", "agreed_to": "caregiver/1"}

pytestmark = pytest.mark.django_db


def signed_on(code: str) -> Phone:
    return Phone(redeem(code, name="Tom's phone").json()["device_token"], Client())


def let_help(ana: Phone, **changes: Any) -> tuple[str, Phone]:
    """The id of who helps now, and their phone."""
    told = ana.post(HELPERS, TOM | changes).json()
    return told["caregiver"]["id"], signed_on(told["code"])


@pytest.fixture
def tom(ana: Phone) -> Phone:
    return let_help(ana)[1]


@pytest.fixture
def una(ana: Phone) -> Phone:
    """Whom Ana lets read."""
    return let_help(ana, name="Una Whitfield", relation="sister", scope="read")[1]


def test_a_patient_lets_somebody_help_and_their_phone_says_whose_it_is(ana: Phone, episode: Episode) -> None:
    told = ana.post(HELPERS, TOM | {"phone": "07700 900456"})

    assert told.status_code == 201
    tom = signed_on(told.json()["code"])
    assert tom.get(ME).json()["caregiver"] == {
        "id": told.json()["caregiver"]["id"],
        "name": "Tom Whitfield",
        "scope": "report",
    }
    assert ana.get(ME).json()["caregiver"] is None
    [listed] = ana.get(HELPERS).json()["caregivers"]
    assert listed == told.json()["caregiver"]
    assert (listed["relation"], listed["phone"], listed["granted_by"]) == ("son", "07700 900456", "patient")
    row = Caregiver.objects.get()
    assert (row.wording, row.granted_on, row.granted_by) == ("caregiver/1", ana.device, None)


def test_the_words_that_are_agreed_to_are_those_of_the_service(ana: Phone) -> None:
    told = ana.get(HELPERS).json()

    assert told["agreement"]["version"] == caregivers.WORDING
    for scope in ("report", "read"):
        words = tuple(sentence.replace("{name}", "Tom") for sentence in told["agreement"][scope])
        assert words == caregivers.agreement(scope, "Tom")
    refused = ana.post(HELPERS, TOM | {"agreed_to": "caregiver/0"})
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "agreed_to")


def test_what_is_granted_changed_and_ended_is_in_the_history_and_the_audit_without_a_name(
    ana: Phone, episode: Episode
) -> None:
    tom_id, _ = let_help(ana)
    ana.put(f"{HELPERS}/{tom_id}", {"scope": "read"})
    ana.put(f"{HELPERS}/{tom_id}", {"scope": "read"})  # nothing new
    ana.post(f"{HELPERS}/{tom_id}/code", None)
    ana.delete(f"{HELPERS}/{tom_id}")

    what = [
        "let a caregiver help",
        "changed a caregiver's scope",
        "issued a caregiver's code",
        "ended a caregiver's consent",
    ]
    assert [event.what for event in EpisodeEvent.objects.order_by("id")] == what
    assert {event.was["caregiver"] for event in EpisodeEvent.objects.all()} == {"Tom Whitfield"}
    audited = AuditEvent.objects.filter(what__in=what).order_by("id")
    assert [event.what for event in audited] == what
    assert {(str(event.subject_id), event.device, event.episode) for event in audited} == {
        (tom_id, ana.device, episode)
    }
    assert "Tom" not in str(list(AuditEvent.objects.values()))


# --- who answered


@pytest.mark.hazard("HZ5.2")
@pytest.mark.parametrize("claimed", ["patient", "carer"])
def test_what_comes_from_a_caregivers_phone_is_by_that_caregiver_whatever_it_says(
    ana: Phone, tom: Phone, claimed: str
) -> None:
    sent = tom.post(CHECK_INS, check_in() | {"answered_by": claimed})

    assert sent.status_code == 201
    row = CheckIn.objects.select_related("caregiver").get()
    assert row.caregiver is not None
    assert (row.answered_by, row.caregiver.name) == ("carer", "Tom Whitfield")
    [shown] = ana.get(CHECK_INS).json()["check_ins"]
    assert (shown["answered_by"], shown["caregiver"]) == ("carer", "Tom Whitfield")


def test_in_a_batch_too_and_sent_again_it_is_the_same(tom: Phone) -> None:
    sent = check_in() | {"answered_by": "patient"}

    first = tom.post(BATCH, {"check_ins": [sent]}).json()["results"][0]
    again = tom.post(CHECK_INS, sent)

    assert (first["status"], again.status_code) == (201, 200)
    assert CheckIn.objects.get().answered_by == "carer"


def test_on_the_patients_phone_whoever_helps_is_a_caregiver_without_a_name(ana: Phone) -> None:
    ana.post(CHECK_INS, check_in() | {"answered_by": "carer"})

    row = CheckIn.objects.get()
    assert (row.answered_by, row.caregiver) == ("carer", None)


def test_each_revision_says_who_gave_it(ana: Phone, tom: Phone) -> None:
    sent = check_in()
    tom.post(CHECK_INS, sent)

    ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, pain_now=3))

    now, before = CheckIn.objects.get(), CheckInRevision.objects.get()
    assert (now.answered_by, now.caregiver) == ("patient", None)
    assert before.caregiver is not None
    assert (before.answered_by, before.caregiver.name) == ("carer", "Tom Whitfield")


# --- what a caregiver may do and see


def test_a_caregiver_corrects_and_takes_back_their_own_and_nobody_elses(
    ana: Phone, tom: Phone, una: Phone
) -> None:
    anas, toms = check_in(18), check_in(19)
    ana.post(CHECK_INS, anas)
    tom.post(CHECK_INS, toms)

    own = tom.put(f"{CHECK_INS}/{toms['id']}", correction(toms, pain_now=4))
    others = [
        (
            by.put(f"{CHECK_INS}/{sent['id']}", correction(sent, pain_now=9)),
            by.delete(f"{CHECK_INS}/{sent['id']}"),
        )
        for by, sent in ((tom, anas), (una, anas), (una, toms))
    ]

    assert own.status_code == 200
    assert {(put.status_code, put.json()["code"], gone.status_code) for put, gone in others} == {
        (422, "id_conflict", 404)
    }
    assert CheckIn.objects.get(client_id=anas["id"]).pain == 2
    assert not CheckIn.objects.exclude(withdrawn_at=None).exists()
    assert tom.delete(f"{CHECK_INS}/{toms['id']}").status_code == 204


def test_a_correction_that_is_refused_is_kept_like_any_report(
    ana: Phone, tom: Phone, episode: Episode
) -> None:
    sent = check_in(18)
    ana.post(CHECK_INS, sent)

    refused = tom.put(f"{CHECK_INS}/{sent['id']}", correction(sent, chest_pain="yes"))

    assert refused.json()["urgency"] == "emergency"
    assert episode.quarantine.get().device == tom.device


def test_who_may_only_report_reads_their_own_and_what_it_told_them(ana: Phone, tom: Phone) -> None:
    anas, toms = check_in(18, bleeding="oozing"), check_in(19, bleeding="oozing")
    ana.post(CHECK_INS, anas)

    told = tom.post(CHECK_INS, toms).json()

    assert told["urgency"] == "same_day"  # what to do is said to whoever reports
    assert [row["id"] for row in tom.get(CHECK_INS).json()["check_ins"]] == [toms["id"]]
    assert tom.get(f"{CHECK_INS}/{toms['id']}").status_code == 200
    assert tom.get(f"{CHECK_INS}/{anas['id']}").status_code == 404
    assert (tom.get(ALERTS).status_code, tom.get(ALERTS).json()["code"]) == (403, "not_shared")
    me = tom.get(ME).json()
    assert me["done_for_now"]  # whether one is due they have to know
    assert me["red_flag_card"]["text"]


def test_who_may_read_reads_everything_and_what_came_of_it(ana: Phone, una: Phone) -> None:
    sent = check_in(18, bleeding="oozing")
    ana.post(CHECK_INS, sent)

    assert [row["id"] for row in una.get(CHECK_INS).json()["check_ins"]] == [sent["id"]]
    assert una.get(f"{CHECK_INS}/{sent['id']}").status_code == 200
    assert una.get(ALERTS).status_code == 200


def test_a_scope_counts_at_the_next_request(ana: Phone) -> None:
    ana.post(CHECK_INS, check_in(18))
    tom_id, tom = let_help(ana)
    before = len(tom.get(CHECK_INS).json()["check_ins"])

    ana.put(f"{HELPERS}/{tom_id}", {"scope": "read"})
    read = len(tom.get(CHECK_INS).json()["check_ins"])
    ana.put(f"{HELPERS}/{tom_id}", {"scope": "report"})

    assert (before, read) == (0, 1)
    assert tom.get(CHECK_INS).json()["check_ins"] == []
    assert tom.get(ALERTS).status_code == 403


OPEN = {"redeem", "problem", "schema", "docs"}
STAFF = {"on-call"}
PATIENTS = {
    ("GET", "preferences"), ("PUT", "preferences"), ("GET", "reminders"), ("PUT", "reminder"),
    ("GET", "my-caregivers"), ("POST", "my-caregivers"), ("POST", "my-caregiver-code"),
    ("GET", "looks"),
}  # fmt: skip
READERS = {("GET", "alerts")}
OTHERS = {
    ("GET", "me"), ("DELETE", "this-phone"), ("GET", "my-phones"), ("DELETE", "my-phone"), ("PUT", "my-caregiver"),
    ("DELETE", "my-caregiver"), ("PUT", "form"), ("GET", "questionnaire"), ("GET", "check-ins"), ("POST", "check-ins"),
    ("POST", "batch"), ("GET", "check-in"), ("PUT", "check-in"), ("DELETE", "check-in"),
}  # fmt: skip
"""What a caregiver's token reaches, by method and route. What it finds there is the business of the tests above."""


def test_it_is_decided_for_every_door_whether_caregivers_come_in() -> None:
    doors = {
        (method.upper(), path.name)
        for path in urlpatterns
        if path.name not in OPEN | STAFF
        for method in ("get", "post", "put", "delete")
        if hasattr(path.callback.view_class, method)
    }

    assert doors == PATIENTS | READERS | OTHERS


@pytest.mark.hazard("HZ5.2")
@pytest.mark.parametrize("scope", ["report", "read"])
def test_s08_a_caregivers_token_comes_through_no_other_door(ana: Phone, episode: Episode, scope: str) -> None:
    tom_id, tom = let_help(ana, scope=scope)
    ids = {"reminder_id": tom_id, "caregiver_id": tom_id, "device_id": tom_id, "client_id": tom_id}
    closed = PATIENTS if scope == "read" else PATIENTS | READERS

    for method, name in sorted(PATIENTS | READERS | OTHERS):
        route = next(path for path in urlpatterns if path.name == name)
        address = f"/api/v1/{route.pattern}"
        for key, value in ids.items():
            address = address.replace(f"<client_id:{key}>", value)
        if (method, name) in {("DELETE", "this-phone"), ("DELETE", "my-caregiver")}:
            continue  # they end it themselves
        answered = tom._send(method, address, {}, "application/json", {})
        assert (answered.status_code == 403) == ((method, name) in closed), (method, name)
    assert not Caregiver.objects.exclude(scope=scope).exists()


def test_a_caregiver_cannot_widen_their_own_scope_nor_let_others_help(ana: Phone) -> None:
    tom_id, tom = let_help(ana)
    una_id, _ = let_help(ana, name="Una Whitfield")

    assert tom.put(f"{HELPERS}/{tom_id}", {"scope": "read"}).status_code == 404
    assert tom.post(HELPERS, TOM | {"name": "Zed"}).json()["code"] == "not_shared"
    assert tom.delete(f"{HELPERS}/{una_id}").status_code == 404
    assert Caregiver.objects.filter(revoked_at=None, scope="report").count() == 2


# --- ending it


@pytest.mark.hazard("HZ5.2")
def test_s12_a_consent_that_ended_counts_at_the_next_request_and_for_nobody_else(
    ana: Phone, una: Phone
) -> None:
    tom_id, tom = let_help(ana)
    second = signed_on(ana.post(f"{HELPERS}/{tom_id}/code", None).json()["code"])
    waiting = ana.post(f"{HELPERS}/{tom_id}/code", None).json()["code"]

    assert ana.delete(f"{HELPERS}/{tom_id}").status_code == 204

    for phone in (tom, second):
        assert (phone.get(ME).status_code, phone.get(ME).json()["code"]) == (401, "device_revoked")
    assert redeem(waiting).json()["code"] == "code_expired"
    assert una.get(ME).status_code == ana.get(ME).status_code == 200
    assert [row["name"] for row in ana.get(HELPERS).json()["caregivers"]] == ["Una Whitfield"]
    assert ana.delete(f"{HELPERS}/{tom_id}").status_code == 404


def test_a_caregiver_may_leave(ana: Phone) -> None:
    tom_id, tom = let_help(ana)

    assert tom.delete(f"{HELPERS}/{tom_id}").status_code == 204

    assert tom.get(ME).status_code == 401
    row = Caregiver.objects.get()
    assert (row.revoked_on, row.revoked_by) == ("caregiver", None)
    assert EpisodeEvent.objects.filter(what="caregiver stopped helping").count() == 1


def test_y17_what_a_caregiver_has_not_sent_yet_goes_to_review_when_the_consent_ended(
    ana: Phone, episode: Episode
) -> None:
    tom_id, tom = let_help(ana)
    device = tom.device
    ana.delete(f"{HELPERS}/{tom_id}")

    answered = tom.post(CHECK_INS, check_in(19, chest_pain="yes"))

    assert (answered.status_code, answered.json()["code"]) == (401, "device_revoked")
    assert answered.json()["urgency"] == "emergency"
    kept = episode.quarantine.get()
    assert (kept.device, kept.code, kept.answers["chest_pain"]) == (device, "device_revoked", "yes")
    assert not CheckIn.objects.exists()


# --- limits


def test_a_name_helps_once_and_no_more_than_five_help_at_once(ana: Phone) -> None:
    let_help(ana)
    twice = ana.post(HELPERS, TOM | {"name": "whitfield TOM"})
    for name in ("Una", "Vic", "Wes", "Xia"):
        let_help(ana, name=name)

    sixth = ana.post(HELPERS, TOM | {"name": "Yan"})

    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (422, "helps_already")
    assert (sixth.status_code, sixth.json()["code"]) == (422, "caregiver_refused")
    assert Caregiver.objects.count() == 5


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": " "}, "name"), ({"name": "=Tom"}, "name"), ({"name": "T\u202em"}, "name"),
        ({"phone": "the red one"}, "phone"), ({"scope": "all"}, "scope"), ({"granted_at": "now"}, "granted_at"),
        ({"relation": "x" * 61}, "relation"),
    ],
)  # fmt: skip
def test_s06_what_does_not_fit_is_refused_and_changes_nothing(
    ana: Phone, changes: dict[str, str], place: str
) -> None:
    refused = ana.post(HELPERS, TOM | changes)

    assert (refused.status_code, [error["place"] for error in refused.json()["errors"]]) == (422, [place])
    assert not Caregiver.objects.exists()


def test_s19_a_caregivers_code_is_like_any_other(ana: Phone, set_clock: SetClock) -> None:
    told = ana.post(HELPERS, TOM).json()
    assert told["expires_at"] == (clock.now() + timedelta(hours=72)).isoformat().replace("+00:00", "Z")

    signed_on(told["code"])
    again = redeem(told["code"])
    fresh = ana.post(f"{HELPERS}/{told['caregiver']['id']}/code", None).json()["code"]
    set_clock(20 + 72)

    assert again.json()["code"] == redeem(fresh).json()["code"] == "code_expired"
    assert DeviceToken.objects.exclude(caregiver=None).count() == 1


def test_of_a_strangers_caregiver_nothing_is_there(ana: Phone, eve: Phone) -> None:
    tom_id, tom = let_help(ana)

    for answered in (
        eve.put(f"{HELPERS}/{tom_id}", {"scope": "read"}),
        eve.delete(f"{HELPERS}/{tom_id}"),
        eve.post(f"{HELPERS}/{tom_id}/code", None),
        eve.delete(f"{PHONES}/{tom.device.uuid}"),
    ):
        assert (answered.status_code, answered.json()["code"]) == (404, "not_found")
    assert tom.get(ME).status_code == 200


# --- phones


def test_a_patient_sees_every_phone_and_signs_them_out_one_by_one(ana: Phone, tom: Phone, una: Phone) -> None:
    tom.post(CHECK_INS, check_in())
    listed = ana.get(PHONES).json()["phones"]

    assert [(row["name"], row["caregiver"], row["is_this_one"]) for row in listed] == [
        ("Ana's phone", None, True),
        ("Tom's phone", "Tom Whitfield", False),
        ("Tom's phone", "Una Whitfield", False),
    ]
    assert [bool(row["last_report_at"]) for row in listed] == [False, True, False]
    assert ana.delete(f"{PHONES}/{listed[1]['id']}").status_code == 204
    assert (tom.get(ME).status_code, una.get(ME).status_code) == (401, 200)
    assert ana.delete(f"{PHONES}/{listed[1]['id']}").status_code == 404
    event = EpisodeEvent.objects.get(what="signed out phone")
    assert event.was == {"phone": listed[1]["id"], "on": "patient"}
    assert AuditEvent.objects.filter(what="revoked phone", device=ana.device).count() == 1


def test_a_caregiver_sees_their_own_phones_alone(ana: Phone, tom: Phone, una: Phone) -> None:
    [only] = tom.get(PHONES).json()["phones"]

    assert only["is_this_one"]
    assert tom.delete(f"{PHONES}/{ana.device.uuid}").status_code == 404
    assert tom.delete(f"{PHONES}/{una.device.uuid}").status_code == 404
    assert tom.delete(DEVICE).status_code == 204
    assert ana.get(ME).status_code == una.get(ME).status_code == 200


def test_a_phone_that_is_this_one_is_signed_off(ana: Phone) -> None:
    assert ana.delete(f"{PHONES}/{ana.device.uuid}").status_code == 204
    assert ana.get(ME).status_code == 401


def test_a_code_of_before_the_end_of_a_recovery_lets_no_caregiver_in(ana: Phone, episode: Episode) -> None:
    """The patient's own phone may still have reports to send."""
    ben = factories.member(episode.team)
    own = enrolment.issue_code(episode=episode, by=ben, now=at(18))
    theirs = ana.post(HELPERS, TOM).json()["code"]
    episodes.end(episode_id=episode.uuid, reason="Well.", by=ben, now=at(19))

    assert redeem(theirs).json()["code"] == "code_expired"
    assert redeem(own).status_code == 201
