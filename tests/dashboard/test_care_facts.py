"""What is known of a patient, recorded or corrected at the desk."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import assessments, checkins, corrections, procedure_time
from recovery.clinical import protocol as protocols
from recovery.models import (
    Alert,
    AuditEvent,
    CareTeam,
    CheckIn,
    DeviceToken,
    Episode,
    EpisodeEvent,
    User,
)
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import again, alert_of, flag_all, report, said
from tests.factories import BASELINE, T0, at


def page_of(device: DeviceToken, act: str) -> str:
    return f"/patients/{device.episode.uuid}/{act}"


def shown(client: Client, path: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send of the page as it stands, but for the changes."""
    form = client.get(path).context["form"]
    typed = {name: form[name].value() for name in form.fields}
    return {
        name: value for name, value in (typed | changes).items() if value is not None and value is not False
    }


FINE = {
    "pain_now": "2",
    "pain_change": "same",
    "pain_where": ["treated_area"],
    "pain_controlled": "yes",
    "temp": "36.7",
    "temp-unit": "C",
    "bandage": "on_dry",
    "drowsy": "no",
    "mobility": "usual",
    "completed": "yes",
}
"""What is no plain "no"."""


def all_no(client: Client, path: str) -> dict[str, Any]:
    """Every box that says no to the rest of a page."""
    fields = client.get(path).context["form"].fields
    return {name: "on" for name in fields if name.startswith("rest-")} | FINE


def record(client: Client, device: DeviceToken, **changes: Any) -> Any:
    path = page_of(device, "check-in")
    return client.post(path, shown(client, path, **all_no(client, path) | changes), follow=True)


# --- a check-in by telephone ---------------------------------------------------------------------------------------


def test_it_asks_what_the_phone_asks_at_this_hour(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    client = sign_in(ben)
    questionnaire = protocols.get().questionnaire
    for hours in (28.2, 80):
        set_clock(hours)

        pages = client.get(page_of(ana, "check-in")).context["form"].pages()

        asked = [
            question.fields[0].name
            for page in pages
            for one in page.questions
            for question in (one, *one.follows)
        ]
        assert sorted(asked) == sorted(item.link_id for item in questionnaire.asked_at(hours))
    assert "bandage" not in asked


def test_nothing_is_answered_beforehand_but_that_it_is_felt_now(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    form = sign_in(ben).get(page_of(ana, "check-in")).context["form"]

    given = {name: form[name].value() for name in form.fields if form[name].value()}
    assert sorted(given) == ["check_in", "felt_at", "felt_on"]
    assert (str(given["felt_on"]), str(given["felt_at"])) == ("2026-03-03", "14:12:00")


@pytest.mark.hazard("HZ13.2")
def test_it_is_judged_like_one_of_the_phone_and_says_what_to_read_out(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)

    answer = record(client, ana, bleeding="oozing", felt_at="13:00")

    check_in = CheckIn.objects.get()
    assert answer.redirect_chain == [(page_of(ana, f"check-in/{check_in.client_id}"), 303)]
    assert "say what you will do, and take the alert on. Call your care team now on 020 7946 0101." in said(
        answer
    )
    assert "Same day Bleeding that keeps coming" in said(answer)
    assert "Felt 13:00 today: Day 1, hour 27 after the procedure" in said(answer)
    assert (check_in.answered_by, check_in.device_id, check_in.completed) == ("nurse", None, True)
    assert (check_in.observed_at, check_in.received_at) == (at(27), at(28.2))
    assert "The team is being told of what is new." in said(answer)
    flag_all(28.2)
    told = client.get(answer.wsgi_request.path)
    assert "Same day Bleeding that keeps coming nobody has taken it on Take it on" in said(told)
    ooze = alert_of("BLEED-OOZE")
    assert f'action="/alerts/{ooze.uuid}/acknowledge"' in told.content.decode()
    client.post(f"/alerts/{ooze.uuid}/acknowledge")
    assert "Bleeding that keeps coming Ben Okafor has it" in said(client.get(answer.wsgi_request.path))


def test_its_answers_are_those_that_the_phone_would_have_sent(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    record(sign_in(ben), ana)

    asked = {item.link_id for item in protocols.get().questionnaire.asked_at(28.2)}
    assert CheckIn.objects.get().answers == {
        name: answer for name, answer in factories.ALL_CLEAR.items() if name in asked - {"blood_thinner"}
    }


def test_no_to_the_rest_is_never_said_for_what_the_patient_does_not_know(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    record(sign_in(ben), ana, bladder="not-known", cough="new")

    given = CheckIn.objects.get().answers
    assert "bladder" not in given
    assert (given["cough"], given["bowel"]) == ("new", "no")
    assert "INCOMPLETE" in {finding["rule"] for finding in CheckIn.objects.get().assessments.get().findings}


def test_a_red_flag_told_on_the_telephone_is_an_emergency_at_once(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    """Chest pain. Nobody goes through the rest of the questions."""
    client = sign_in(ben)
    path = page_of(ana, "check-in")

    answer = client.post(path, shown(client, path, chest_pain="yes", at_once="yes"), follow=True)
    flag_all(28.2)

    assert "Call 999 now" in said(answer)
    assert "It is half-finished: what was not answered is not known." in said(answer)
    assert not CheckIn.objects.get().completed
    assert (alert_of("CHEST").tier, alert_of("CHEST").status) == (4, "open")


def test_one_that_is_called_finished_has_nothing_overlooked(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    """As on the phone, where one does not get on to the next page. Half-finished it may be left open."""
    client = sign_in(ben)

    refused = record(client, ana, **{"rest-nerves": "", "temp": "", "temp-unit": "", "mobility": ""})

    assert refused.status_code == 422
    overlooked = {
        name for name, errors in refused.context["form"].errors.items() if "Ask this, too" in errors[0]
    }
    assert overlooked == {"cannot_move", "weakness", "numbness", "bladder", "bowel"}
    assert record(client, ana, **{"rest-nerves": "", "completed": "no"}).status_code == 200


def test_words_for_the_care_team_are_for_who_reads_them(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    assert "the care team, that is you" in said(record(sign_in(ben), ana, bleeding="oozing"))
    assert "that is you" not in said(record(sign_in(ben), ana, chest_pain="yes"))
    assert "that is you" not in said(record(sign_in(ben), ana))


def test_an_answer_that_can_be_an_emergency_asks_for_nothing_that_can_wait(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    """The ordinary button, and nothing else filled in."""
    client, path = sign_in(ben), page_of(ana, "check-in")

    answer = client.post(path, shown(client, path, allergy=["wheeze"]), follow=True)

    assert "Call 999 now" in said(answer)
    assert (CheckIn.objects.get().answers, CheckIn.objects.get().completed) == (
        {"allergy": ["wheeze"]},
        False,
    )


def test_where_the_form_is_refused_all_the_same_it_says_what_to_say_now(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    answer = record(sign_in(ben), ana, chest_pain="yes", felt_at="23:00")

    assert answer.status_code == 422
    assert "do not wait for this form. Say now: Call 999 now. Do not drive yourself." in said(answer)
    assert "do not wait for this form" not in said(record(sign_in(ben), ana, felt_at="23:00"))


def test_a_detail_that_does_not_arise_is_dropped_as_on_the_phone(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    record(sign_in(ben), ana, weakness="no", weakness_where=["both_legs"])

    assert "weakness_where" not in CheckIn.objects.get().answers


def test_a_detail_of_what_nobody_answered_is_not_dropped(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)

    answer = record(client, ana, weakness="not-known", weakness_where=["both_legs"])

    assert answer.status_code == 422
    assert "Answer this, too: something is chosen at “Where are you weak?”." in said(answer)
    assert not CheckIn.objects.exists()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "before the procedure": ({"felt_on": "2026-03-01"}, "This is before the procedure (10:00 on 2 March)."),
    "still to come": ({"felt_at": "14:30"}, "This is still to come. Say when it was felt."),
    "no time": ({"felt_at": ""}, "Say at what time."),
    "finished or not": ({"completed": ""}, "Choose one."),
    "some and none": (
        {"wound": ["redness", "none-of-these"]},
        "Choose either some of them or none of these.",
    ),
    "temperature without unit": ({"temp-unit": ""}, "Choose °C or °F."),
    "no number": ({"temp": "warm"}, "Write a number such as 38.2."),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_said_where_it_stands_and_nothing_typed_is_lost(
    ana: DeviceToken, ben: User, sign_in: SignIn, name: str
) -> None:
    changes, words = WRONG[name]

    answer = record(sign_in(ben), ana, free_text="Her own words.", bandage="wet", **changes)

    assert answer.status_code == 422
    assert words in said(answer)
    assert "Her own words." in answer.content.decode()
    form = answer.context["form"]
    assert (form["bandage"].value(), form["rest-nerves"].value()) == ("wet", True)
    assert not CheckIn.objects.exists()


def test_without_any_answer_there_is_nothing_to_judge(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    path = page_of(ana, "check-in")

    answer = client.post(path, shown(client, path, completed="no"))

    assert answer.status_code == 422
    assert "No answer is filled in." in said(answer)


def test_pressing_twice_is_one_check_in(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    path = page_of(ana, "check-in")
    typed = shown(client, path, **all_no(client, path))

    answers = [client.post(path, typed) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert (CheckIn.objects.count(), EpisodeEvent.objects.count()) == (1, 1)


def test_the_form_sent_again_with_other_answers_is_refused_and_kept(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    """Back in the browser, and something changed."""
    client = sign_in(ben)
    path = page_of(ana, "check-in")
    typed = shown(client, path, **all_no(client, path))
    client.post(path, typed)

    answer = client.post(path, typed | {"pain_now": "9"})

    assert answer.status_code == 409
    assert "This form was saved before, with other answers." in said(answer)
    assert answer.context["form"]["pain_now"].value() == "9"
    assert CheckIn.objects.get().answers["pain_now"] == 2


def test_who_wrote_it_down_is_recorded(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    record(client, ana)

    event = EpisodeEvent.objects.get()
    assert (event.what, event.by, event.was) == ("recorded check-in by phone", ben, {})
    audit = AuditEvent.objects.get(what="recorded check-in by phone")
    assert (audit.user, audit.detail) == (ben, {"check_in": str(CheckIn.objects.get().client_id)})
    text = said(client.get(f"/patients/{ana.episode.uuid}"))
    assert "Recorded check-in by phone by Ben Okafor" in text
    assert "by the care team" in text


@pytest.mark.hazard("HZ13.2")
def test_a_patient_who_has_no_phone_and_one_whose_recovery_has_ended_can_still_tell(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    from recovery import episodes

    episode = factories.episode(team, name="Bo Ferreira")
    episodes.end(episode_id=episode.uuid, reason="Moved away.", by=ben, now=at(28))
    client, path = sign_in(ben), f"/patients/{episode.uuid}/check-in"

    client.post(path, shown(client, path, **all_no(client, path) | {"bleeding": "oozing"}))
    flag_all(28.2)

    assert alert_of("BLEED-OOZE", name="Bo Ferreira").tier == 3


def test_it_counts_for_what_the_phone_sends_afterwards(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    record(sign_in(ben), ana)

    verdict = report(ana, 30, pain_now=6)

    assert "PAIN-UP" in {finding["rule"] for finding in verdict.findings}
    assert [row.answered_by for row in checkins.history(device=again(ana))] == ["patient", "nurse"]


# --- corrections ---------------------------------------------------------------------------------------------------

PATHS = ("baseline", "risk-factors", "procedure")


def send(client: Client, device: DeviceToken, act: str, **changes: Any) -> Any:
    path = page_of(device, act)
    return client.post(path, shown(client, path, **{"reason": "Told on the phone."} | changes))


@pytest.mark.hazard("HZ15.3")
def test_a_corrected_baseline_judges_every_check_in_anew(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 20, bladder="same")
    client = sign_in(ben)

    answer = send(client, ana, "baseline", bladder="present", numbness="present", numbness_where=["one_leg"])
    assessments.rejudge_owed(limit=10, now=at(28.2))

    assert (answer.status_code, answer["Location"]) == (303, f"/patients/{ana.episode.uuid}")
    episode = Episode.objects.get()
    added = {"bladder": "present", "numbness": "present", "numbness_where": ["one_leg"]}
    assert (episode.baseline, episode.baseline_at) == (BASELINE | added, T0 - timedelta(hours=2))
    assert CheckIn.objects.get().assessments.get(is_current=True).findings == []
    page = said(client.get(answer["Location"]))
    assert "The baseline is corrected. Every check-in is being judged anew by it." in page
    assert "Corrected baseline by Ben Okafor Told on the phone. Before: " in page


def test_a_baseline_that_nobody_recorded_can_be_added(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    episode = factories.episode(team, baseline=None, baseline_at=None)
    client, path = sign_in(ben), f"/patients/{episode.uuid}/baseline"

    client.post(path, shown(client, path, reason="Asked her.", pain_now="7", bladder="no"))

    episode.refresh_from_db()
    assert (episode.baseline, episode.baseline_at) == ({"pain_now": 7, "bladder": "no"}, T0)


@pytest.mark.hazard("HZ15.3")
def test_risk_factors_and_the_plan_for_the_blood_thinner(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 20, bleeding="oozing")
    client = sign_in(ben)

    chosen = {
        "risk_factors": ["anticoagulant", "steroids"],
        "restart_on": "2026-03-04",
        "restart_at": "09:10",
    }
    send(client, ana, "risk-factors", **chosen)
    assessments.rejudge_owed(limit=10, now=at(28.2))
    flag_all(28.2)

    episode = Episode.objects.get()
    assert episode.risk_factors == ["anticoagulant", "steroids"]
    assert float(episode.blood_thinner_restart_h) == 47.17
    assert alert_of("BLEED-OOZE").tier == 4
    form = client.get(page_of(ana, "risk-factors")).context["form"]
    assert (str(form["restart_on"].value()), str(form["restart_at"].value())) == ("2026-03-04", "09:10:00")
    send(client, ana, "risk-factors")
    assert EpisodeEvent.objects.count() == 1  # sent as it stands it changes nothing


def test_a_plan_for_a_day_counts_from_its_start(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    send(sign_in(ben), ana, "risk-factors", risk_factors=["anticoagulant"], restart_on="2026-03-04")

    assert Episode.objects.get().blood_thinner_restart_h == 38


def test_the_procedure_time_is_changed_and_every_hour_with_it(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 20)
    client = sign_in(ben)

    answer = send(client, ana, "procedure", done_at="14:30")
    assessments.rejudge_owed(limit=10, now=at(28.2))

    assert Episode.objects.get().procedure_at == at(4.5)
    assert CheckIn.objects.get().assessments.get(is_current=True).hours == 15.5
    page = said(client.get(answer["Location"]))
    assert "The procedure time is changed, and with it every hour and check-in due." in page
    assert "Day 1, hour 23.7" in page
    assert "Changed procedure time by Ben Okafor Told on the phone. Before: procedure 10:00 yesterday" in page


def test_a_procedure_that_moves_far_is_asked_about_first(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)

    asked = send(client, ana, "procedure", done_on="2026-03-01")

    assert asked.status_code == 422
    assert (
        "Yes, it was 24\xa0hours earlier: now is hour 52.2 after the procedure, not 28.2"
        in asked.content.decode()
    )
    assert Episode.objects.get().procedure_at == T0
    typed = {name: asked.context["form"][name].value() for name in ("done_on", "done_at", "reason", "seen")}
    assert client.post(page_of(ana, "procedure"), typed | {"moves_far": "on"}).status_code == 303
    assert Episode.objects.get().procedure_at == at(-24)


def test_only_the_day_is_known(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    send(client, ana, "procedure", only_day="on", done_at="")

    episode = Episode.objects.get()
    assert (episode.procedure_at, episode.time_estimated) == (at(-10), True)
    form = client.get(page_of(ana, "procedure")).context["form"]
    assert (str(form["done_on"].value()), form["done_at"].value(), form["only_day"].value()) == (
        "2026-03-02",
        None,
        True,
    )


def test_what_was_recorded_to_the_second_is_not_changed_by_a_form_that_shows_minutes(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    seconds = timedelta(seconds=31)
    device = factories.phone(factories.episode(team, procedure_at=T0 + seconds, baseline_at=T0 - seconds))[0]
    client = sign_in(ben)

    for act in ("baseline", "procedure"):
        assert send(client, device, act).status_code == 303

    assert not EpisodeEvent.objects.exists()


CORRECTIONS_WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "baseline without a reason": ("baseline", {"reason": ""}, "Write in a few words why."),
    "baseline of tomorrow": ("baseline", {"answered_on": "2026-03-04"}, "This is still to come."),
    "baseline temperature": ("baseline", {"temp": "20"}, "From 34 to 43 °C."),
    "baseline detail of nothing": (
        "baseline",
        {"weakness": "not-known", "weakness_where": ["arm"]},
        "Answer this, too: something is chosen at “Where are you weak?”.",
    ),
    "restart without blood thinner": (
        "risk-factors",
        {"restart_on": "2026-03-04"},
        "Tick that the patient takes a blood thinner, or leave this empty.",
    ),
    "restart before the procedure": (
        "risk-factors",
        {"risk_factors": ["anticoagulant"], "restart_on": "2026-03-01"},
        "Choose a day between the procedure and twelve weeks after it.",
    ),
    "restart without a day": (
        "risk-factors",
        {"risk_factors": ["anticoagulant"], "restart_at": "09:00"},
        "Say on which day, or leave the time empty.",
    ),
    "no such risk factor": (
        "risk-factors",
        {"risk_factors": ["smoker"]},
        "smoker is not one of the available",
    ),
    "procedure without a time": ("procedure", {"done_at": ""}, "Say at what time, or tick below"),
    "procedure with a time nobody knows": ("procedure", {"only_day": "on"}, "Leave the time empty"),
    "procedure on no day": ("procedure", {"done_on": "31"}, "Write a day as 2026-03-05."),
    "procedure on the first day there is": ("procedure", {"done_on": "0001-01-01"}, "Check the year."),
    "procedure on the last day there is": (
        "procedure",
        {"done_on": "9999-12-31", "done_at": "23:59"},
        "Check the year.",
    ),
    "blood thinner on the last day there is": (
        "risk-factors",
        {"risk_factors": ["anticoagulant"], "restart_on": "9999-12-31"},
        "Check the year.",
    ),
    "baseline on the first day there is": ("baseline", {"answered_on": "0001-01-01"}, "Check the year."),
    "procedure without a reason": (
        "procedure",
        {"done_at": "11:00", "reason": " "},
        "Write in a few words why.",
    ),
}


@pytest.mark.parametrize("name", CORRECTIONS_WRONG)
def test_a_correction_that_does_not_fit_says_where_and_keeps_what_was_typed(
    ana: DeviceToken, ben: User, sign_in: SignIn, name: str
) -> None:
    act, changes, words = CORRECTIONS_WRONG[name]

    answer = send(sign_in(ben), ana, act, **{"reason": "My own words."} | changes)

    assert answer.status_code == 422
    assert words in said(answer)
    assert "reason" in changes or "My own words." in answer.content.decode()
    assert not EpisodeEvent.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"done_on": "2026-03-03", "done_at": "15:00", "moves_far": "on"}, "This is later than now."),
        ({"done_on": "2025-03-02", "moves_far": "on"}, "the recovery is over. Check the year"),
    ],
)
def test_what_the_operation_refuses_is_said_and_stays_typed(
    ana: DeviceToken, ben: User, sign_in: SignIn, changes: dict[str, Any], words: str
) -> None:
    answer = send(sign_in(ben), ana, "procedure", **changes)

    assert answer.status_code == 409
    assert words in said(answer)
    assert answer.context["form"]["done_on"].value() == changes["done_on"]
    assert Episode.objects.get().procedure_at == T0


def test_a_baseline_of_another_year_is_refused_and_stays_typed(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    answer = send(sign_in(ben), ana, "baseline", answered_on="1926-03-02")

    assert answer.status_code == 409
    assert "more than a year before the procedure. Check the year." in said(answer)
    assert answer.context["form"]["answered_on"].value() == "1926-03-02"
    assert not EpisodeEvent.objects.exists()


def test_a_time_that_came_twice_that_night_is_kept_as_it_was_recorded(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    """On 25 October 2026 it is 01:30 in London at 00:30 and at 01:30 UTC."""
    second = datetime(2026, 10, 25, 1, 30, 20, tzinfo=UTC)
    factories.episode(team, procedure_at=second, now=second, baseline_at=second)
    set_clock((second - T0) / timedelta(hours=1) + 6)
    client, path = sign_in(ben), f"/patients/{Episode.objects.get().uuid}"
    for act, changes in {"procedure": {}, "baseline": {"pain_now": "3"}}.items():
        sent = shown(client, f"{path}/{act}", reason="Looked at again.", **changes)

        assert client.post(f"{path}/{act}", sent).status_code == 303

    stands = Episode.objects.get()
    assert (stands.procedure_at, stands.baseline_at) == (second, second)
    assert [event.what for event in EpisodeEvent.objects.all()] == ["corrected baseline"]


def colleague_corrects(act: str, dora: User) -> None:
    episode = Episode.objects.get()
    common = {"episode_id": episode.uuid, "reason": "Seen.", "by": dora, "now": at(28.1)}
    match act:
        case "baseline":
            corrections.correct_baseline(
                baseline=BASELINE | {"bowel": "present"}, baseline_at=T0 - timedelta(hours=2), **common
            )
        case "risk-factors":
            corrections.correct_risk_factors(risk_factors=["tumour"], blood_thinner_restart_h=None, **common)
        case _:
            procedure_time.change(procedure_at=at(1), time_estimated=False, **common)


TYPED: dict[str, dict[str, Any]] = {
    "baseline": {"bladder": "present", "pain_where": ["treated_area", "around_ribs"]},
    "risk-factors": {"risk_factors": ["steroids", "osteoporosis"]},
    "procedure": {"done_at": "12:00"},
}


@pytest.mark.parametrize("act", PATHS)
def test_of_two_at_once_the_second_reads_who_was_first_and_loses_nothing(
    ana: DeviceToken, ben: User, team: CareTeam, sign_in: SignIn, act: str
) -> None:
    client, path = sign_in(ben), page_of(ana, act)
    typed = shown(client, path, reason="My own words.", **TYPED[act])
    colleague_corrects(act, factories.member(team, "Dora Klein", "doctor"))

    refused = client.post(path, typed)

    assert refused.status_code == 409
    assert "Dora Klein c" in said(refused)
    assert "at 14:06 on 3 March. Read what stands there now." in said(refused)
    form = refused.context["form"]
    assert {name: form[name].value() for name in TYPED[act]} == TYPED[act]
    assert form["reason"].value() == "My own words."
    assert EpisodeEvent.objects.count() == 1

    again = client.post(path, typed | {"seen": form["seen"].value()})  # read, and sent again

    assert again.status_code == 303
    assert EpisodeEvent.objects.count() == 2


# --- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["check-in", *PATHS])
def test_an_administrator_reads_the_page_and_is_offered_no_form(
    ana: DeviceToken, ben: User, dee: User, sign_in: SignIn, act: str
) -> None:
    path = page_of(ana, act)
    nurse = sign_in(ben)
    typed = shown(
        nurse, path, **(all_no(nurse, path) if act == "check-in" else {"reason": "Mine.", **TYPED[act]})
    )
    client = sign_in(dee)

    page, refused = client.get(path), client.post(path, typed)

    assert page.context["form"] is None
    assert re.search("Only a nurse.* of the care team can", said(page))
    assert refused.status_code == 409
    assert "What you typed" in said(refused)
    assert not CheckIn.objects.exists()
    assert not EpisodeEvent.objects.exists()


def test_also_what_does_not_fit_is_given_back_to_who_is_offered_no_form(
    ana: DeviceToken, ben: User, dee: User, sign_in: SignIn
) -> None:
    path = page_of(ana, "check-in")
    typed = shown(sign_in(ben), path, temp="38.6", completed="no")

    refused = sign_in(dee).post(path, typed)

    assert refused.status_code == 422
    assert "Your temperature now, if you can 38.6 °" in said(refused)


def test_a_coordinator_corrects_the_record_and_takes_no_check_in(
    ana: DeviceToken, team: CareTeam, sign_in: SignIn
) -> None:
    client = sign_in(factories.member(team, "Eli Brandt", "coordinator"))

    assert client.get(page_of(ana, "check-in")).context["form"] is None
    assert send(client, ana, "procedure", done_at="11:00").status_code == 303


@pytest.mark.parametrize("act", ["check-in", f"check-in/{UUID(int=7)}", *PATHS])
def test_for_a_stranger_there_is_nobody(ana: DeviceToken, cleo: User, sign_in: SignIn, act: str) -> None:
    answer = sign_in(cleo).get(page_of(ana, act))

    assert answer.status_code == 404
    assert "Whitfield" not in answer.content.decode()


def test_a_check_in_is_told_on_the_page_of_its_own_patient_only(
    ana: DeviceToken, team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    bo = factories.phone(factories.episode(team, name="Bo Ferreira"))[0]
    sent = report(ana, 20).check_in

    assert sign_in(ben).get(page_of(bo, f"check-in/{sent.client_id}")).status_code == 404


def test_twenty_check_ins_ask_the_database_as_often_as_one(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)

    def count(act: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page_of(ana, act)).status_code == 200
        return len(queries)

    first = report(ana, 5, bleeding="oozing").check_in
    acts = ["check-in", f"check-in/{first.client_id}", *PATHS]
    before = [count(act) for act in acts]
    for hours in range(6, 25):
        report(ana, hours, bleeding="oozing", calf="one_leg")

    assert [count(act) for act in acts] == before
    assert max(before) < 20
    assert Alert.objects.count() == 2
