"""What is done on a patient's page: a note, a mute, a pause, the end with its summary, phones."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import alerts, checkins, devices, enrolment, episodes, silence
from recovery.models import Alert, CareTeam, CheckIn, DeviceToken, Episode, EpisodeEvent, Mute, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import again, alert_of, report, said, take_on
from tests.factories import at

SCIATICA = {"pain_where": ["down_one_leg"]}
KNOWN = {"until": "2026-03-20", "reason": "Known sciatica since 2019."}


@pytest.fixture
def desk(ben: User, sign_in: SignIn) -> Client:
    return sign_in(ben)


@pytest.fixture
def dora(team: CareTeam) -> User:
    return factories.member(team, "Dora Klein", "doctor")


@pytest.fixture
def sciatica(ana: DeviceToken) -> Alert:
    report(ana, 27, **SCIATICA)
    return alert_of("NEURO-RADIATE")


def page(action: str = "", *, of: Episode | None = None) -> str:
    episode = of or Episode.objects.get(patient__name="Ana Whitfield")
    return f"/patients/{episode.uuid}{'/' if action else ''}{action}"


def field(answered: Any, name: str) -> str:
    """What stands in a field of the page's form."""
    context = answered.context
    return str((context["form"] or context["note"])[name].value() or "")


# --- a note --------------------------------------------------------------------------------------------------------


def test_a_note_is_written_on_the_patients_page_and_stands_there(ana: DeviceToken, desk: Client) -> None:
    answered = desk.post(page("note"), {"note": "Her son calls at six."}, follow=True)

    assert answered.redirect_chain == [(page() + "#notes-heading", 303)]
    text = said(answered)
    assert "The note is saved." in text
    assert "Note by Ben Okafor Her son calls at six." in text


@pytest.mark.parametrize("note", ["", "   ", "x" * 4001])
def test_a_note_that_will_not_do_stays_typed(ana: DeviceToken, desk: Client, note: str) -> None:
    answered = desk.post(page("note"), {"note": note})

    assert answered.status_code == 422
    assert "Nothing was saved yet." in said(answered)
    assert answered.context["note"]["note"].value() == note
    assert not EpisodeEvent.objects.exists()


# --- muting --------------------------------------------------------------------------------------------------------


def test_a_rule_is_muted_until_the_end_of_a_day_and_shown_as_muted(sciatica: Alert, desk: Client) -> None:
    answered = desk.post(page("mute"), KNOWN | {"alert": sciatica.uuid}, follow=True)

    assert "The rule is muted." in said(answered)
    mute = Mute.objects.get()
    assert (mute.rule, mute.until_at.isoformat()) == ("NEURO-RADIATE", "2026-03-20T23:59:00+00:00")
    for where in (page("mute"), page()):
        text = said(desk.get(where))
        assert "23:59 on Fri 20 March" in text, where
        assert "Known sciatica since 2019." in text, where
        assert "Ben Okafor" in text, where


def test_a_day_lasts_to_its_end_where_the_clinic_is(team: CareTeam, sciatica: Alert, desk: Client) -> None:
    team.clinic.time_zone = "America/New_York"
    team.clinic.save()

    desk.post(page("mute"), KNOWN | {"alert": sciatica.uuid})

    assert Mute.objects.get().until_at.isoformat() == "2026-03-21T03:59:00+00:00"


def test_an_emergency_is_not_offered_and_says_why(ana: DeviceToken, desk: Client) -> None:
    report(ana, 28, chest_pain="yes", **SCIATICA)
    chest = alert_of("CHEST")

    shown = desk.get(page("mute"))
    assert str(chest.uuid) not in shown.content.decode().partition("These are not muted")[0]
    assert "an emergency is never muted" in said(shown)
    answered = desk.post(page("mute"), KNOWN | {"alert": chest.uuid})
    assert answered.status_code == 422
    assert "Choose a rule." in said(answered)
    assert not Mute.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"until": "2026-03-02"}, "Choose today or a day to come."),
        ({"until": "next week"}, "Write a day as 2026-03-05."),
        ({"until": "2026-08-01"}, "at most twelve weeks"),
        ({"reason": " "}, "Write in a few words why."),
        ({"alert": ""}, "Choose a rule."),
        ({"alert": "1"}, "Choose a rule."),
    ],
)
def test_wrong_input_says_what_to_do_and_keeps_what_was_typed(
    sciatica: Alert, desk: Client, wrong: dict[str, str], why: str
) -> None:
    typed = KNOWN | {"alert": str(sciatica.uuid)} | wrong
    answered = desk.post(page("mute"), typed)

    assert answered.status_code in (409, 422)
    assert why in said(answered)
    for name in ("until", "reason"):
        assert str(answered.context["form"].data[name]) == typed[name]
    assert not Mute.objects.exists()


def test_a_mute_is_ended_early(sciatica: Alert, ana: DeviceToken, desk: Client, ben: User) -> None:
    desk.post(page("mute"), KNOWN | {"alert": sciatica.uuid})

    answered = desk.post(page(f"mute/{sciatica.uuid}/end"), follow=True)

    text = said(answered)
    assert "The rule is no longer muted." in text
    assert "Nothing is muted now" in text
    assert Mute.objects.get().ended_at == at(28.2)


def test_who_mutes_what_a_colleague_has_muted_meanwhile_reads_it_first(
    sciatica: Alert, desk: Client, dora: User, sign_in: SignIn
) -> None:
    typed = KNOWN | {
        "alert": str(sciatica.uuid),
        "seen": desk.get(page("mute")).context["form"]["seen"].value(),
    }
    sign_in(dora).post(
        page("mute"), {"alert": sciatica.uuid, "until": "2026-03-10", "reason": "Old sciatica."}
    )

    refused = desk.post(page("mute"), typed)

    assert refused.status_code == 409
    text = said(refused)
    assert "Dora Klein muted this until 23:59 on 10 March" in text
    assert "Old sciatica." in text
    assert field(refused, "reason") == KNOWN["reason"]
    again = desk.post(page("mute"), typed | {"seen": field(refused, "seen")})
    assert again.status_code == 303
    assert Mute.objects.get(ended_at=None).reason == KNOWN["reason"]


def test_who_ends_a_mute_that_a_colleague_has_ended_is_told_so(
    sciatica: Alert, desk: Client, dora: User, sign_in: SignIn
) -> None:
    desk.post(page("mute"), KNOWN | {"alert": sciatica.uuid})
    sign_in(dora).post(page(f"mute/{sciatica.uuid}/end"))

    answered = desk.post(page(f"mute/{sciatica.uuid}/end"))

    assert answered.status_code == 409
    assert "Dora Klein ended this mute at 14:12 on 3 March" in said(answered)


def test_where_nothing_has_fired_nothing_can_be_muted(ana: DeviceToken, desk: Client) -> None:
    assert "No rule has fired for this patient that could be muted." in said(desk.get(page("mute")))


def test_an_alert_of_another_patient_is_not_found_under_this_one(
    sciatica: Alert, team: CareTeam, desk: Client
) -> None:
    other = factories.episode(team, name="Ida Moreau")

    assert desk.post(page(f"mute/{sciatica.uuid}/end", of=other)).status_code == 404
    assert desk.post(page("mute", of=other), KNOWN | {"alert": sciatica.uuid}).status_code == 422


# --- pausing -------------------------------------------------------------------------------------------------------


def test_a_recovery_is_paused_and_resumed(ana: DeviceToken, desk: Client) -> None:
    paused = said(desk.post(page("pause"), {"reason": "In hospital with pneumonia."}, follow=True))
    assert "The recovery is paused." in paused
    assert "Paused since 14:12 today: In hospital with pneumonia." in paused
    assert "Resume the recovery" in paused

    offered = said(desk.get(page("pause")))
    assert "The next check-in is due now, until 22:00 today." in offered
    resumed = said(desk.post(page("resume"), {"reason": "Home again."}, follow=True))
    assert "The recovery is resumed." in resumed
    assert "Pause the recovery" in resumed
    assert Episode.objects.get().status == "active"


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (61, "The next check-in is due now, until 22:00 on Thu 5 March."),
        (200, "The next check-in is due from 22:00 on Wed 11 March."),
        (2041, "No check-in is left, so the recovery then ends by itself."),
    ],
)
def test_before_resuming_it_says_what_will_be_expected(
    ana: DeviceToken, desk: Client, ben: User, set_clock: SetClock, hours: float, words: str
) -> None:
    episodes.pause(episode_id=ana.episode.uuid, reason="Seen.", by=ben, now=at(28))
    set_clock(hours)

    assert words in said(desk.get(page("pause")))


def test_what_was_answered_in_the_pause_is_not_asked_again(
    ana: DeviceToken, desk: Client, ben: User, set_clock: SetClock
) -> None:
    episodes.pause(episode_id=ana.episode.uuid, reason="Seen.", by=ben, now=at(28))
    report(ana, 61)
    set_clock(62)

    assert "The next check-in is due from 22:00 today." in said(desk.get(page("pause")))


@pytest.mark.parametrize("action", ["pause", "resume", "extend", "end"])
def test_nothing_is_changed_without_a_reason(ana: DeviceToken, desk: Client, action: str) -> None:
    answered = desk.post(page(action), {"reason": "  "})

    assert answered.status_code == 422
    assert "Write in a few words why." in said(answered)
    assert Episode.objects.get().status == "active"


def test_a_recovery_runs_on_past_its_last_check_in(ana: DeviceToken, desk: Client) -> None:
    shown = said(desk.get(page("extend")))
    assert "As it stands, this recovery ends by itself: " in shown

    extended = said(
        desk.post(page("extend"), {"until": "2026-07-31", "reason": "Second fracture."}, follow=True)
    )

    assert "The recovery runs on until 31 July 2026." in extended
    assert "Second fracture." in extended
    assert Episode.objects.get().extended_until == datetime(2026, 7, 31, 22, 59, tzinfo=UTC)
    assert "31 July" in said(desk.get(page("extend")))


@pytest.mark.parametrize("until", ["2026-03-10", "2027-03-10", "9999-12-31", "0001-01-01"])
def test_a_day_that_no_recovery_can_run_on_to_is_refused_and_the_reason_stays(
    ana: DeviceToken, desk: Client, until: str
) -> None:
    answered = desk.post(page("extend"), {"until": until, "reason": "Second fracture."})

    assert answered.status_code == 422
    assert "Choose a day from " in said(answered)
    assert "Second fracture." in said(answered)
    assert Episode.objects.get().extended_until is None


def test_a_recovery_that_has_ended_does_not_run_on(ana: DeviceToken, desk: Client) -> None:
    desk.post(page("end"), {"reason": "Moved away."})

    late = desk.post(page("extend"), {"until": "2026-07-31", "reason": "Second fracture."})

    assert late.status_code == 409
    assert "Second fracture." in said(late)
    assert "It has ended" in said(desk.get(page("extend")))


def test_the_second_of_two_reads_who_was_first_and_loses_nothing_typed(
    ana: DeviceToken, desk: Client, dora: User, sign_in: SignIn
) -> None:
    colleague = sign_in(dora)
    colleague.post(page("pause"), {"reason": "In hospital."})

    late = desk.post(page("pause"), {"reason": "Admitted to ward 4."})
    assert late.status_code == 409
    text = said(late)
    assert "Dora Klein paused this one at 14:12 on 3 March." in text
    assert "What you typed" in text
    assert "Admitted to ward 4." in text
    assert Episode.objects.get().status == "paused"

    colleague.post(page("end"), {"reason": "Moved away."})
    late = desk.post(page("end"), {"reason": "She has moved."})
    assert late.status_code == 409
    assert "Dora Klein ended this one at 14:12 on 3 March." in said(late)
    assert "She has moved." in said(late)


# --- the end -------------------------------------------------------------------------------------------------------


def test_it_ends_with_a_summary_that_stays(ana: DeviceToken, desk: Client, set_clock: SetClock) -> None:
    answered = desk.post(page("end"), {"reason": "Well, and back at work."}, follow=True)

    assert answered.redirect_chain == [(page("summary"), 303)]
    text = said(answered)
    assert "Graduation summary: Ana Whitfield" in text
    assert "Ended by Ben Okafor at 14:12 on 3 March 2026: Well, and back at work." in text
    set_clock(3000)
    assert "Graduation summary" in said(desk.get(page()))
    assert "Ended by Ben Okafor at 14:12 on 3 March 2026" in said(desk.get(page("summary")))


def test_an_ended_recovery_offers_what_can_still_be_done(ana: DeviceToken, desk: Client) -> None:
    running = said(desk.get(page()))
    desk.post(page("end"), {"reason": "Well."})
    ended = said(desk.get(page()))

    gone = ("Pause the recovery", "End the recovery", "Sheet with a new code for a phone")
    come = ("The recovery has ended. A late report is still taken and judged", "Enrol the patient anew")
    assert [words in running for words in (*gone, *come)] == [True] * 3 + [False] * 2
    assert [words in ended for words in (*gone, *come)] == [False] * 3 + [True] * 2


def test_who_ends_it_says_that_open_alerts_are_known(sciatica: Alert, desk: Client) -> None:
    shown = desk.get(page("end"))
    assert "1 alert stays open" in said(shown)
    seen = field(shown, "seen")

    refused = desk.post(page("end"), {"reason": "Well.", "seen": seen})
    assert refused.status_code == 422
    assert "Tick this, or close the alerts first." in said(refused)
    assert field(refused, "reason") == "Well."

    done = desk.post(page("end"), {"reason": "Well.", "seen": seen, "stays_open": "on"})
    assert done.status_code == 303
    assert Alert.objects.get().status == "open"


def test_what_opened_since_the_page_was_shown_is_read_before_the_end(ana: DeviceToken, desk: Client) -> None:
    report(ana, 27, bleeding="oozing")
    seen = field(desk.get(page("end")), "seen")
    report(ana, 28, chest_pain="yes")

    refused = desk.post(page("end"), {"reason": "Well.", "seen": seen, "stays_open": "on"})

    assert refused.status_code == 409
    text = said(refused)
    assert "Something has changed since this page was shown" in text
    assert "Chest pain" in text
    assert field(refused, "reason") == "Well."
    assert field(refused, "seen") != seen
    assert not field(refused, "stays_open"), "it was said of one alert, not of two"
    assert Episode.objects.get().status == "active"


def test_a_recovery_that_has_ended_offers_its_summary_and_nothing_else(
    ana: DeviceToken, desk: Client, ben: User
) -> None:
    episodes.end(episode_id=ana.episode.uuid, reason="Moved.", by=ben, now=at(28))

    actions = said(desk.get(page())).partition("Record or change")[2]
    assert "Graduation summary" in actions
    for gone in ("Pause the recovery", "End the recovery", "new code"):
        assert gone not in actions
    assert "Read the graduation summary" in said(desk.get(page("end")))
    assert "neither paused nor resumed" in said(desk.get(page("pause")))
    assert desk.post(page("resume"), {"reason": "Back."}).status_code == 409


# --- the summary ---------------------------------------------------------------------------------------------------


@pytest.fixture
def story(ana: DeviceToken, ben: User, dora: User, set_clock: SetClock) -> None:
    """Three weeks: much pain at first, a wound that was seen to, a pause, silence, an alert that is still open."""
    report(ana, 20, pain_now=7, pain_controlled="yes")
    report(ana, 40, pain_now=5, bleeding="oozing")
    ooze = alert_of("BLEED-OOZE")
    take_on(ooze, ben, 40.2)
    alerts.record_contact(alert_id=ooze.uuid, by=ben, reached=True, by_what="phone", now=at(40.5))
    alerts.close(
        alert_id=ooze.uuid,
        by=ben,
        outcome="seen",
        contacted=True,
        note="Dressing changed at the surgery.",
        now=at(42),
    )
    for alert in Alert.objects.filter(status="open").exclude(rule="BLEED-OOZE"):
        alerts.close(
            alert_id=alert.uuid, by=dora, outcome="self-care", contacted=True, note="Advised.", now=at(43)
        )
    episodes.pause(episode_id=ana.episode.uuid, reason="In hospital.", by=dora, now=at(100))
    episodes.resume(episode_id=ana.episode.uuid, reason="Home.", by=dora, now=at(160))
    report(ana, 170, pain_now=3, temp={"value": 37.4, "unit": "C"})
    report(ana, 335, pain_now=1, **SCIATICA)
    silence.judge_due(limit=10, now=at(600))
    set_clock(600)


def test_the_summary_tells_course_alerts_outcomes_and_what_is_open(story: None, desk: Client) -> None:
    text = said(desk.get(page("summary")))

    assert "Summary so far: Ana Whitfield" in text
    assert "Born 12 April 1950 (75) · Hospital number H" in text
    assert "2 March 2026 to 27 March 2026 (25 days)" in text
    assert "Pain before 8 of 10" in text
    assert "First pain score 7 of 10, day 1" in text
    assert "Worst pain score 7 of 10, day 1" in text
    assert "Last pain score 1 of 10, day 14" in text
    assert "Highest temperature 37.4 °C, day 7" in text
    assert "Check-ins answered 4 of 8 that were due; 3 not expected while paused" in text
    assert "Paused from 14:00 on 6 March 2026 to 02:00 on 9 March 2026" in text
    assert "Seen by a clinician, closed by Ben Okafor at 04:00 on 4 March 2026" in text
    assert "Patient reached 02:30 on 4 March 2026" in text
    assert "Dressing changed at the surgery." in text
    still_open = text[text.index("Still open") : text.index("Procedure and baseline")]
    assert "nobody has taken it on" in still_open
    assert "Bleeding that keeps coming" not in still_open
    assert "Paused episode by Dora Klein In hospital." in text


def test_the_summary_of_a_recovery_that_ended_by_itself_says_so(
    ana: DeviceToken, desk: Client, set_clock: SetClock
) -> None:
    silence.judge_due(limit=10, now=at(2040))
    set_clock(2100)

    text = said(desk.get(page("summary")))

    assert "Graduation summary" in text
    assert "It ended by itself at 11:00 on 26 May 2026, after the last check-in that was due." in text
    assert "1 phone can still send reports" in text
    assert "Pain scores none" in text


def test_what_was_taken_back_is_not_in_the_figures(story: None, ana: DeviceToken, desk: Client) -> None:
    worst = CheckIn.objects.earliest("effective_at")
    checkins.withdraw(device=again(ana), client_id=worst.client_id, now=at(599))

    assert "Worst pain score 5 of 10, day 2" in said(desk.get(page("summary")))


# --- phones --------------------------------------------------------------------------------------------------------


def test_phones_are_listed_with_what_was_heard_of_them(ana: DeviceToken, desk: Client, ben: User) -> None:
    silent, _ = factories.phone(ana.episode, now=at(5))
    DeviceToken.objects.filter(pk=silent.pk).update(name="Tom's phone")
    report(ana, 27)
    devices.renew_code(episode_id=ana.episode.uuid, by=ben, now=at(28))

    text = said(desk.get(page("phones")))

    assert "Phones that may report 2" in text
    assert "Tom's phone (web) Joined 15:00 yesterday. Nothing has come from it yet." in text
    assert "Ana's phone (web) Joined 10:00 yesterday. Last report 13:00 today." in text
    assert "A code issued by Ben Okafor 14:00 today waits to be used" in text


def test_a_phone_is_signed_out_and_says_by_whom_when_and_why(ana: DeviceToken, desk: Client) -> None:
    answered = desk.post(page(f"phones/{ana.uuid}/revoke"), {"reason": "Lost on the bus."}, follow=True)

    text = said(answered)
    assert "Ana's phone is signed out. It can report no more." in text
    assert "No phone may report" in text
    assert "Signed out by Ben Okafor, 14:12 today. Lost on the bus." in text
    assert "Signed out phone by Ben Okafor" in said(desk.get(page()))


def test_a_phone_that_signed_itself_off_is_told_as_such(ana: DeviceToken, desk: Client) -> None:
    enrolment.sign_off(device=ana, now=at(28))

    assert "Signed out on the phone itself, 14:00 today" in said(desk.get(page("phones")))


def test_the_second_who_signs_it_out_reads_who_was_first(
    ana: DeviceToken, desk: Client, dora: User, sign_in: SignIn
) -> None:
    sign_in(dora).post(page(f"phones/{ana.uuid}/revoke"), {"reason": "Lost."})

    late = desk.post(page(f"phones/{ana.uuid}/revoke"), {"reason": "It was stolen."})

    assert late.status_code == 409
    assert "Dora Klein signed this phone out at 14:12 on 3 March." in said(late)
    assert "It was stolen." in said(late)


def test_signing_out_without_a_reason_stays_open_at_that_phone(ana: DeviceToken, desk: Client) -> None:
    other, _ = factories.phone(ana.episode, now=at(5))

    answered = desk.post(page(f"phones/{other.uuid}/revoke"), {"reason": ""})

    assert answered.status_code == 422
    assert answered.content.decode().count("<details open>") == 1
    assert "Write in a few words why." in said(answered)
    assert not DeviceToken.objects.exclude(revoked_at=None).exists()


def test_the_phone_of_another_patient_is_not_found_under_this_one(
    ana: DeviceToken, team: CareTeam, desk: Client
) -> None:
    other, _ = factories.phone(factories.episode(team, name="Ida Moreau"))

    assert desk.post(page(f"phones/{other.uuid}/revoke"), {"reason": "Lost."}).status_code == 404


# --- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("nurse", {"mute", "pause", "extend", "end"}),
        ("doctor", {"mute", "pause", "extend", "end"}),
        ("coordinator", {"pause"}),
        ("admin", set()),
    ],
)
def test_a_page_offers_its_form_to_those_who_may_use_it(
    sciatica: Alert, team: CareTeam, sign_in: SignIn, role: str, may: set[str]
) -> None:
    desk = sign_in(factories.member(team, "Mia Lund", role))
    typed = KNOWN | {"alert": sciatica.uuid, "stays_open": "on"}

    for action in ("mute", "pause", "extend", "end"):
        shown = desk.get(page(action))
        assert ('name="reason"' in shown.content.decode()) == (action in may), action
        assert ("Only a nurse" in said(shown)) == (action not in may), action
        day = {"until": "2026-07-31"} if action == "extend" else {}
        assert (desk.post(page(action), typed | day).status_code == 303) == (action in may), action
        Episode.objects.update(status="active", ended_at=None)
    assert desk.post(page("note"), {"note": "Hello."}).status_code == 303
    assert desk.get(page("summary")).status_code == 200


# --- as many queries for much as for little ------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["mute", "pause", "extend", "end", "summary", "phones"])
def test_much_takes_as_many_queries_as_little(
    sciatica: Alert, ana: DeviceToken, desk: Client, ben: User, action: str
) -> None:
    desk.post(page("mute"), KNOWN | {"alert": sciatica.uuid})

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(page(action)).status_code == 200
        return len(captured)

    queries()
    little = queries()
    for number in range(20):
        factories.phone(ana.episode, now=at(number))
        report(ana, 27 + number / 50, bleeding="oozing", calf="yes", **SCIATICA)
        desk.post(page("note"), {"note": f"Note {number}"})
    for alert in Alert.objects.filter(tier__lt=4).exclude(pk=sciatica.pk):
        alerts.mute(alert_id=alert.uuid, until=at(500), reason="Known.", by=ben, now=at(28))

    assert queries() == little
