"""Ben writes down whom Ana lets help, changes and ends it; and every page says by name who answered."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import caregivers, checkins, enrolment
from recovery.models import Caregiver, CheckIn, DeviceToken, EpisodeEvent, Quarantine, User
from tests import factories
from tests.api.phones import CHECK_INS, Phone, check_in, correction
from tests.dashboard.conftest import SignIn
from tests.dashboard.scenes import again, alert_of, flag_all, page_of, said
from tests.factories import at

TOM = {"name": "Tom Whitfield", "relation": "son", "phone": "", "scope": "report", "agreed": "on"}
LATELY = 28


@pytest.fixture
def desk(ben: User, sign_in: SignIn) -> Client:
    return sign_in(ben)


@pytest.fixture
def tom(ana: DeviceToken, ben: User) -> Phone:
    """A phone of Tom's, who may report since this morning."""
    return Phone(factories.caregiver(ana.episode, by=ben, now=at(24))[1], Client())


def page(ana: DeviceToken, act: str = "caregivers") -> str:
    return f"/patients/{ana.episode.uuid}/{act}" if act else f"/patients/{ana.episode.uuid}"


def helper() -> Caregiver:
    return Caregiver.objects.get()


def test_consent_is_written_down_and_the_sheet_holds_the_code(
    ana: DeviceToken, desk: Client, ben: User
) -> None:
    sheet = desk.post(page(ana), TOM)

    text = said(sheet)
    assert "Tom Whitfield, tell us how Ana Whitfield is" in text
    code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", text)
    assert code is not None
    device, _ = enrolment.redeem(code=code[0], device_name="Tom's phone", platform="web", now=at(LATELY + 1))
    row = helper()
    assert device.caregiver == row
    assert (row.granted_by, row.granted_on, row.wording, row.scope) == (ben, None, "caregiver/1", "report")
    listed = said(desk.get(page(ana)))
    assert "May answer for the patient 1" in listed
    assert "Tom Whitfield (son)" in listed
    assert "May send check-ins. The patient agreed, as Ben Okafor wrote down, 14:12 today." in listed
    assert "1 phone may report." in listed
    assert "Let a caregiver help: Tom Whitfield, may send check-ins by Ben Okafor" in said(
        desk.get(page(ana, ""))
    )


def test_without_the_patients_yes_nobody_may_help(ana: DeviceToken, desk: Client) -> None:
    refused = desk.post(page(ana), {**TOM, "agreed": ""})

    assert refused.status_code == 422
    assert "Without their yes nobody may help." in said(refused)
    assert not Caregiver.objects.exists()


def test_the_words_to_read_out_are_those_that_are_written_down(ana: DeviceToken, desk: Client) -> None:
    text = said(desk.get(page(ana)))

    for scope in Caregiver.Scope:
        for sentence in caregivers.agreement(scope, "This person"):
            assert sentence in text


def test_whom_the_team_calls_is_offered_and_gives_no_right(ana: DeviceToken, desk: Client) -> None:
    shown = desk.get(page(ana))

    assert "Nobody may answer for the patient" in said(shown)
    assert 'value="Tom Whitfield"' in shown.content.decode()
    assert not Caregiver.objects.exists()


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"name": ""}, "Write their name."),
        ({"name": "=Tom"}, "This begins with ="),
        ({"phone": "the red one"}, "Write a number that can be dialled"),
        ({"scope": "all"}, "Choose"),
        ({"relation": "x" * 61}, "60"),
    ],
)
def test_what_does_not_fit_stays_in_the_form(
    ana: DeviceToken, desk: Client, typed: dict[str, str], why: str
) -> None:
    refused = desk.post(page(ana), TOM | typed)

    assert refused.status_code == 422
    assert why in said(refused)
    assert not Caregiver.objects.exists()


def test_of_one_name_there_is_one(ana: DeviceToken, desk: Client, tom: Phone) -> None:
    refused = desk.post(page(ana), TOM)

    assert refused.status_code == 409
    assert "Somebody of this name helps already." in said(refused)


def test_a_scope_is_changed_and_says_so(ana: DeviceToken, desk: Client, tom: Phone) -> None:
    answered = desk.post(page(ana, f"caregivers/{helper().uuid}/scope"), {"scope": "read"}, follow=True)

    assert "May send check-ins and read the patient's." in said(answered)
    assert helper().scope == "read"
    assert EpisodeEvent.objects.get(what="changed a caregiver's scope").was["scope"] == "read"


def test_an_ended_consent_says_by_whom_when_and_why_and_its_phone_reports_no_more(
    ana: DeviceToken, desk: Client, tom: Phone
) -> None:
    gone = desk.post(
        page(ana, f"caregivers/{helper().uuid}/end"), {"reason": "Ana asked for it."}, follow=True
    )

    text = said(gone)
    assert "The consent for Tom Whitfield has ended." in text
    assert "Ben Okafor ended it, 14:12 today. Ana asked for it." in text
    assert tom.get(CHECK_INS).status_code == 401
    assert "as the caregiver’s consent ended" in said(desk.get(page(ana, "phones")))


def test_ending_needs_a_reason_and_the_second_is_told_who_was_first(
    ana: DeviceToken, desk: Client, tom: Phone, dee: User, sign_in: SignIn
) -> None:
    path = page(ana, f"caregivers/{helper().uuid}/end")
    assert desk.post(path, {"reason": " "}).status_code == 422
    desk.post(path, {"reason": "Ana asked for it."})

    late = sign_in(dee).post(path, {"reason": "He moved away."})

    assert late.status_code == 409
    assert "Ben Okafor ended this consent at 14:12 on 3 March." in said(late)
    assert "He moved away." in said(late)


def test_a_new_code_ends_the_one_before(ana: DeviceToken, desk: Client, tom: Phone) -> None:
    path = page(ana, f"caregivers/{helper().uuid}/code")
    first, second = (re.search(r"\w{4}-\w{4}-\w{4}", said(desk.post(path))) for _ in range(2))
    assert first is not None
    assert second is not None

    with pytest.raises(enrolment.CodeExpired):
        enrolment.redeem(code=first[0], device_name="x", platform="web", now=at(LATELY + 1))
    assert enrolment.redeem(code=second[0], device_name="x", platform="web", now=at(LATELY + 1))
    assert "2 phones may report." in said(desk.get(page(ana)))


def test_a_caregiver_of_another_patient_is_not_there(ana: DeviceToken, desk: Client) -> None:
    other, _ = factories.caregiver(factories.episode(ana.episode.team, name="Ida Moreau"))

    for act, typed in (("scope", {"scope": "read"}), ("end", {"reason": "x"}), ("code", {})):
        assert desk.post(page(ana, f"caregivers/{other.uuid}/{act}"), typed).status_code == 404


def test_many_take_as_many_queries_as_one(ana: DeviceToken, desk: Client, tom: Phone) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(page(ana)).status_code == 200
        return len(captured)

    queries()
    little = queries()
    for name in ("Una", "Vic", "Wes", "Xia"):
        factories.caregiver(ana.episode, name, by=User.objects.get(name="Ben Okafor"), now=at(25))
    assert queries() == little


# --- who answered, by name


@pytest.fixture
def by_tom(tom: Phone) -> dict[str, Any]:
    sent = check_in(LATELY, bleeding="oozing", free_text="It soaks.")
    assert tom.post(CHECK_INS, sent).status_code == 201
    flag_all(LATELY)
    return sent


@pytest.mark.hazard("HZ5.2")
def test_every_page_says_by_name_who_answered(ana: DeviceToken, desk: Client, by_tom: dict[str, Any]) -> None:
    alert = said(desk.get(page_of(alert_of("BLEED-OOZE"))))
    patient = said(desk.get(page(ana, "")))

    assert "Answered by Tom Whitfield (caregiver)" in alert
    assert "In the words of Tom Whitfield (caregiver) It soaks." in alert
    assert "This alert, by Tom Whitfield (caregiver)" in alert  # in the table of the pain
    assert "by Tom Whitfield (caregiver)" in patient


def test_help_at_the_patients_phone_has_no_name(ana: DeviceToken, desk: Client) -> None:
    late = factories.submission(LATELY, answered_by="carer", bleeding="oozing")
    checkins.submit(device=again(ana), submission=late, now=at(LATELY))
    flag_all(LATELY)

    alert = said(desk.get(page_of(alert_of("BLEED-OOZE"))))

    assert "Answered by Caregiver, on the patient’s phone" in alert


def test_a_correction_says_whose_it_is(
    ana: DeviceToken, desk: Client, by_tom: dict[str, Any], ben: User
) -> None:
    token = factories.phone(ana.episode, now=at(25))[1]
    Phone(token, Client()).put(f"{CHECK_INS}/{by_tom['id']}", correction(by_tom, pain_now=5))

    text = said(desk.get(page(ana, "")))

    assert "Corrected at 14:12 today by the patient." in text
    assert CheckIn.objects.get().caregiver is None


def test_what_came_of_a_phone_that_was_signed_out_says_whose_it_was(
    ana: DeviceToken, desk: Client, tom: Phone
) -> None:
    desk.post(page(ana, f"caregivers/{helper().uuid}/end"), {"reason": "Ana asked for it."})
    tom.post(CHECK_INS, check_in(LATELY, bleeding="oozing"))
    flag_all(LATELY)

    text = said(desk.get("/reports"))

    assert (
        "It came from a phone that had been signed out. The phone is that of Tom Whitfield (caregiver)."
        in text
    )
    assert "It could be read. It was judged:" in text
    assert Quarantine.objects.get().reviewed_at is None
