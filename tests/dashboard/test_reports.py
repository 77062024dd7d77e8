"""The reports that wait for a human being, and what is done with one of them."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import alerts, checkins, clock, quarantine
from recovery.api import refusals
from recovery.api.codes import KINDS, UNFIT, UNREADABLE
from recovery.dashboard.screens.reasons import REFUSED_AS, WRONG
from recovery.models import Alert, CareTeam, CheckIn, DeviceToken, Quarantine, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import again, alert_of, flag_all, said
from tests.factories import ALL_CLEAR, at

FELT = {"felt_on": "2026-03-03", "felt_at": "12:00", "completed": "yes"}


def refuse(
    device: DeviceToken,
    body: bytes = b'{"answers": {"pain_now": "7"}, "mood": 1}',
    *,
    hours: float = 26,
    problems: Any = (("answers.pain_now", "wrong_type"), ("mood", "unknown_field")),
    **fields: Any,
) -> UUID:
    """A report of this phone that was refused, judged and flagged."""
    given = {
        "code": "invalid",
        "readable": True,
        "observed_at": at(hours),
        "readings": [ALL_CLEAR | {"pain_now": None}],
    }
    quarantine.keep(
        device=again(device),
        body=body,
        problems=[{"place": place, "code": code} for place, code in problems],
        now=at(hours),
        **given | fields,
    )
    flag_all(hours)
    return Quarantine.objects.latest("pk").uuid


def unreadable(device: DeviceToken, body: bytes = b"{", *, hours: float = 26) -> UUID:
    return refuse(
        device,
        body,
        hours=hours,
        code="not_json",
        problems=(),
        readable=False,
        readings=[{}],
        observed_at=None,
    )


def page_of(kept_id: UUID, act: str = "") -> str:
    return f"/reports/{kept_id}{act}"


def answered(**changes: str) -> dict[str, Any]:
    return (
        FELT
        | {"pain_now": "7", "chest_pain": "no", "temp": "38.6", "temp-unit": "C", "wound": "pus_or_discharge"}
        | changes
    )


# --- the list ------------------------------------------------------------------------------------------------------


def test_the_longest_waiting_stands_first_and_what_was_worked_on_below(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    phones = [
        factories.phone(factories.episode(team, name=name))[0] for name in ("Ana A", "Bo B", "Cy C", "Di D")
    ]
    for phone, hours in zip(phones, (20, 10, 15, 5), strict=True):
        kept_id = refuse(phone, hours=hours)
    quarantine.dismiss(kept_id=kept_id, by=ben, dismissed_as="spoken", reason="Well.", now=at(6))

    text = said(sign_in(ben).get("/reports"))

    places = [text.index(name) for name in ("Bo B", "Cy C", "Ana A", "Worked on lately", "Di D")]
    assert places == sorted(places)
    assert "Waiting 18 h 12 min" in text
    assert "Ben Okafor dismissed this at 16:00 yesterday." in text


def test_it_says_why_what_the_patient_was_told_and_which_alerts_came_of_it(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    refuse(ana, readings=[{"bleeding": "oozing"}])

    answer = sign_in(ben).get("/reports")

    text = said(answer)
    assert "A part of it does not fit the questionnaire." in text
    assert "It could be read, but 2 parts of it were not valid." in text
    assert "The patient was told: “Call your care team now on 020 7946 0101." in text
    assert "Same day Bleeding that keeps coming nobody has taken it on" in text
    assert f'href="/alerts/{alert_of("BLEED-OOZE").uuid}"' in answer.content.decode()


def test_where_nothing_was_found_the_patient_was_asked_again(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    refuse(ana)

    text = said(sign_in(ben).get("/reports"))

    assert (
        "The patient was told: “We could not take this report as it came. Please do the check-in again"
        in text
    )
    assert "nothing was found. Ask the patient to send it again." in text


def test_one_of_which_a_part_could_be_read_says_so(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    refuse(ana, code="not_json", readable=False, readings=[{"chest_pain": "yes"}])

    text = said(sign_in(ben).get("/reports"))

    assert "Only a part of it could be read. That was judged: Chest pain" in text


def test_one_that_the_phone_sent_again_and_that_was_taken_says_so(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    """After an update of its app the phone sends the same report as it should be."""
    sent = factories.submission(26)
    kept_id, client = refuse(ana, client_id=sent.client_id), sign_in(ben)

    assert "sent it again" not in said(client.get("/reports"))
    checkins.submit(device=again(ana), submission=sent, now=at(27))

    for path in ("/reports", page_of(kept_id)):
        assert "The phone has sent it again since, and it was taken" in said(client.get(path))


def test_longer_than_a_day_is_marked(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    refuse(ana, hours=4.3)
    client = sign_in(ben)

    assert "Longer than a day" not in said(client.get("/reports"))
    set_clock(28.3)
    assert "Longer than a day" in said(client.get("/reports"))


def test_the_board_says_how_many_wait_and_for_how_long(
    ana: DeviceToken, ben: User, cleo: User, sign_in: SignIn
) -> None:
    for number, hours in enumerate((20, 26)):
        refuse(ana, str(number).encode(), hours=hours)

    assert "2 refused reports wait to be read , the oldest for 8 h 12 min ." in said(sign_in(ben).get("/"))
    assert "refused" not in said(sign_in(cleo).get("/"))


def test_a_report_that_is_worked_on_no_longer_waits(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    kept_id, client = refuse(ana), sign_in(ben)
    tag = client.get("/board/list")["ETag"]

    client.post(page_of(kept_id, "/dismiss"), {"dismissed_as": "spoken", "reason": "Well."})

    board = client.get("/board/list", headers={"If-None-Match": tag})
    assert board.status_code == 200
    assert "refused" not in said(board)


def test_twenty_ask_the_database_as_often_as_one(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    def two_more(number: int) -> UUID:
        phone, _ = factories.phone(factories.episode(team, name=f"Ana {number}"))
        first = refuse(phone, b"1", readings=[{"bleeding": "oozing", "calf": "one_leg"}])
        judge(client, first)
        return refuse(phone, b"2", readings=[{"bleeding": "oozing"}])

    one = two_more(0)
    before = [count("/reports"), count(page_of(one))]
    for number in range(1, 20):
        two_more(number)

    assert [count("/reports"), count(page_of(one))] == before
    assert before[0] < 15


# --- one report ----------------------------------------------------------------------------------------------------


def test_every_refusal_has_plain_words() -> None:
    kept = set(UNREADABLE) | set(UNFIT) | {"unknown_parameter", "device_revoked"}
    assert kept - refusals.NOT_KEPT == set(REFUSED_AS)


def test_no_plain_word_is_for_a_problem_that_there_is_none_of() -> None:
    from recovery.api import bodies

    known = (
        set(bodies.CODES.values()) | set(KINDS) | {"wrong_type", "no_answers", "not_an_instant", "not_read"}
    )
    assert set(WRONG) <= known


def test_each_place_is_named_with_what_stood_there(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    kept_id = refuse(
        ana,
        b'{"mood": "<b>\\u202e", "observed_at": 5, "answers": {"pain_now": 9, "pain_now": 0, "wound": ["pus"]}}',
        problems=(
            ("mood", "unknown_field"),
            ("observed_at", "not_an_instant"),
            ("answers.pain_now", "duplicate_key"),
            ("answers.wound[0]", "unknown_code"),
            ("answers.smell", "missing"),
            ("character 12", "not_json"),
        ),
    )

    text = said(sign_in(ben).get(page_of(kept_id)))

    assert '“mood” is not known to the service: the app may be newer: "<b>⟨U+202E⟩"' in text
    assert "When it was felt is no date and time: 5" in text
    assert "Pain now stands there twice: 9 and 0" in text
    assert 'Needle spot is none of the answers: "pus"' in text
    assert "“smell” is missing" in text
    assert "character 12" not in text


def test_a_long_text_is_shown_in_part_and_then_whole(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    kept_id = unreadable(ana, b"begin" + b"a" * 9_000 + b"end")

    page = sign_in(ben).get(page_of(kept_id)).content.decode()

    assert "Show all 9008 characters" in page
    begin, rest = re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert (len(begin), begin[:5], rest[-3:]) == (4000, "begin", "end")


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b"[" * 3000, b"\x00" * 50, "\u202e\u2066\ud7ff".encode(), b"a" * 300_000]
)
def test_whatever_came_can_be_shown(ana: DeviceToken, ben: User, sign_in: SignIn, body: bytes) -> None:
    kept_id = unreadable(ana, body)

    assert sign_in(ben).get(page_of(kept_id)).status_code == 200


def test_the_form_is_filled_with_what_could_be_read(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    kept_id = refuse(
        ana, readings=[{"bleeding": "oozing", "wound": [], "temp": {"value": 38.5, "unit": "F"}}]
    )

    form = sign_in(ben).get(page_of(kept_id)).context["by_hand"]

    chosen = {
        name: form[name].value()
        for name in ("bleeding", "wound", "temp", "temp-unit", "pain_now", "felt_on", "felt_at")
    }
    assert (chosen["bleeding"], chosen["wound"], chosen["temp"], chosen["temp-unit"]) == (
        "oozing",
        ["none-of-these"],
        38.5,
        "F",
    )
    assert chosen["pain_now"] is None
    assert (str(chosen["felt_on"]), str(chosen["felt_at"])) == ("2026-03-03", "12:00:00")
    asked = [question.sent for page in form.pages_to_ask() for question in page.questions if question.sent]
    assert asked == [['"7"']]


@pytest.mark.parametrize("felt", [None, at(-3), at(40)])
def test_a_time_that_cannot_be_is_not_filled_in(
    ana: DeviceToken, ben: User, sign_in: SignIn, felt: Any
) -> None:
    kept_id = refuse(ana, observed_at=felt)

    assert sign_in(ben).get(page_of(kept_id)).context["by_hand"]["felt_on"].value() is None


# --- judged by hand ------------------------------------------------------------------------------------------------


def judge(client: Client, kept_id: UUID, **changes: str) -> Any:
    return client.post(page_of(kept_id, "/judge"), answered(**changes), follow=True)


def test_judged_by_hand_it_says_what_to_tell_the_patient_and_what_came_of_it(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    kept_id, client = refuse(ana), sign_in(ben)

    answer = judge(client, kept_id)
    flag_all(28.2)

    assert answer.redirect_chain == [(page_of(kept_id), 303)]
    text = said(answer)
    assert "Judged by hand and saved as a check-in." in text
    assert "Ben Okafor judged this by hand at 14:12 today." in text
    assert "Tell the patient Call your care team now on 020 7946 0101." in text
    assert "Same day Any fever" in said(client.get(page_of(kept_id)))
    check_in = CheckIn.objects.get()
    assert check_in.answers == {
        "pain_now": 7,
        "chest_pain": "no",
        "temp": {"value": 38.6, "unit": "C"},
        "wound": ["pus_or_discharge"],
    }
    assert (check_in.answered_by, check_in.observed_at) == ("nurse", at(26))
    assert "by_hand" not in client.get(page_of(kept_id)).context


def test_none_of_these_is_an_answer_and_not_known_is_none(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    judge(sign_in(ben), refuse(ana), wound="none-of-these", pain_now="", completed="no")

    check_in = CheckIn.objects.get()
    assert (check_in.answers["wound"], check_in.completed) == ([], False)
    assert "pain_now" not in check_in.answers


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no day": ({"felt_on": ""}, "Say on which day."),
    "no time": ({"felt_at": ""}, "Say at what time."),
    "finished or not": ({"completed": ""}, "Choose one."),
    "temperature without unit": ({"temp-unit": ""}, "Choose °C or °F."),
    "temperature of the other unit": ({"temp-unit": "F"}, "From 93.2 to 109.4 °F."),
    "no number": ({"temp": "warm"}, "Write a number such as 38.2."),
    "no temperature at all": ({"temp": "nan"}, "Write a number such as 38.2."),
    "some and none": (
        {"wound": ["redness", "none-of-these"]},
        "Choose either some of them or none of these.",
    ),
    "pain of eleven": ({"pain_now": "11"}, "Choose one."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_said_where_it_stands_and_nothing_typed_is_lost(
    ana: DeviceToken, ben: User, sign_in: SignIn, name: str
) -> None:
    changes, words = REFUSED[name]
    kept_id = refuse(ana)

    answer = judge(sign_in(ben), kept_id, free_text="Her words.", **changes)

    assert answer.status_code == 422
    assert "Nothing was saved yet." in said(answer)
    assert words in said(answer)
    assert "Her words." in answer.content.decode()
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"felt_on": "2026-03-04"}, "The time felt must lie between the procedure and now."),
        (
            {"pain_now": "", "chest_pain": "", "temp": "", "temp-unit": "", "wound": []},
            "No answer is filled in.",
        ),
    ],
)
def test_what_the_domain_refuses_is_said_and_stays_typed(
    ana: DeviceToken, ben: User, sign_in: SignIn, changes: Any, words: str
) -> None:
    answer = judge(sign_in(ben), refuse(ana), **changes)

    assert answer.status_code == 409
    assert words in said(answer)
    assert answer.context["by_hand"]["felt_at"].value() == "12:00"
    assert Quarantine.objects.get().reviewed_at is None


def test_the_second_is_told_who_was_first_and_sees_what_she_typed(
    ana: DeviceToken, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    dora, kept_id = sign_in(factories.member(team, "Dora Klein", "doctor")), refuse(ana)
    quarantine.dismiss(kept_id=kept_id, by=ben, dismissed_as="arrived", reason="Sent again.", now=at(28.1))

    judged = judge(dora, kept_id)
    dismissed = dora.post(page_of(kept_id, "/dismiss"), {"dismissed_as": "spoken", "reason": "My own words."})

    assert (judged.status_code, dismissed.status_code) == (409, 409)
    assert "Ben Okafor dismissed this report at 14:06 on 3 March." in said(judged)
    assert "What you typed" in said(judged)
    assert "How bad is your back pain right now? 7 of 10" in said(judged)
    assert "What you did My own words." in said(dismissed)
    assert not CheckIn.objects.exists()


def test_pressing_twice_is_no_error(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    kept_id, client = refuse(ana), sign_in(ben)

    assert [judge(client, kept_id).status_code for _ in range(2)] == [200, 200]
    assert CheckIn.objects.count() == 1


# --- dismissed -----------------------------------------------------------------------------------------------------


def test_dismissed_with_a_reason(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    kept_id = refuse(ana, readings=[{"bleeding": "oozing"}])

    answer = sign_in(ben).post(
        page_of(kept_id, "/dismiss"), {"dismissed_as": "spoken", "reason": "She presses on it."}, follow=True
    )

    text = said(answer)
    assert "The report is dismissed. Its alerts stay open until somebody closes them." in text
    assert "Ben Okafor dismissed this at 14:12 today. Spoke with the patient: nothing more to record." in text
    assert "What was done She presses on it." in text
    assert Alert.objects.get().status == "open"


@pytest.mark.parametrize("missing", ["dismissed_as", "reason"])
def test_nothing_about_dismissing_is_assumed(
    ana: DeviceToken, ben: User, sign_in: SignIn, missing: str
) -> None:
    kept_id, client = refuse(ana), sign_in(ben)
    typed = {"dismissed_as": "spoken", "reason": "Her own words."}

    page = client.get(page_of(kept_id)).context["dismissal"]
    answer = client.post(page_of(kept_id, "/dismiss"), {**typed, missing: ""})

    assert page["dismissed_as"].value() is None
    assert answer.status_code == 422
    assert missing == "reason" or "Her own words." in answer.content.decode()
    assert Quarantine.objects.get().reviewed_at is None


# --- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["coordinator", "admin"])
def test_others_of_the_team_read_it_and_are_offered_no_form(
    ana: DeviceToken, team: CareTeam, sign_in: SignIn, role: str
) -> None:
    kept_id, client = refuse(ana), sign_in(factories.member(team, "Dee Lund", role))

    page = client.get(page_of(kept_id))
    refused = judge(client, kept_id)

    assert "A nurse or doctor of the care team can judge or dismiss it." in said(page)
    assert "Judge and save" not in said(page)
    assert refused.status_code == 409
    assert "Only a nurse or a doctor of the care team can do this." in said(refused)
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize("act", ["", "/judge", "/dismiss"])
def test_for_a_stranger_the_report_does_not_exist(
    ana: DeviceToken, cleo: User, sign_in: SignIn, act: str
) -> None:
    kept_id, client = refuse(ana), sign_in(cleo)

    answer = client.post(page_of(kept_id, act), answered()) if act else client.get(page_of(kept_id))

    assert answer.status_code == 404
    assert "Whitfield" not in answer.content.decode()
    assert "Ana" not in said(client.get("/reports"))
    assert Quarantine.objects.get().reviewed_at is None


def test_an_alert_of_a_refused_report_leads_to_it(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    kept_id = unreadable(ana)

    page = sign_in(ben).get(f"/alerts/{alert_of('UNREADABLE').uuid}").content.decode()

    assert f'href="{page_of(kept_id)}"' in page


def test_an_alert_that_ended_is_still_named(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    kept_id = unreadable(ana)
    alert = alert_of("UNREADABLE")
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Phoned.", now=clock.now())

    assert "Report could not be read ended" in said(sign_in(ben).get(page_of(kept_id)))
