from datetime import timedelta

import pytest
from django.test import Client

from recovery import alerts, clock
from recovery.models import Alert, CareTeam, DeviceToken, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import alert_of, page_of, report, said, take_on
from tests.factories import at
from tests.waiting import behind

CLOSE = {"outcome": "seen", "contacted": "yes", "note": "Pressed on it, stopped."}


@pytest.fixture
def alert(ana: DeviceToken) -> Alert:
    report(ana, 28, bleeding="oozing")
    return alert_of("BLEED-OOZE")


@pytest.fixture
def dora(team: CareTeam) -> User:
    return factories.member(team, "Dora Klein", "doctor")


def test_take_on_from_its_page(alert: Alert, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    answer = client.post(page_of(alert, "/acknowledge"), follow=True)

    assert answer.redirect_chain == [(page_of(alert), 303)]
    assert "You have this since 14:12 today" in said(answer)


def test_a_web_machine_whose_clock_is_ahead_puts_off_no_reminder(
    alert: Alert, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner is reminded so long after they took it on, by the clock of the database."""
    real, here = clock.real, clock.now
    monkeypatch.setattr(clock, "real", lambda: real() + timedelta(hours=1))
    monkeypatch.setattr(clock, "now", lambda: here() + timedelta(hours=1))

    sign_in(ben).post(page_of(alert, "/acknowledge"))

    alert.refresh_from_db()
    assert alert.acknowledged_at
    assert abs(alert.acknowledged_at - at(28.2)) < timedelta(minutes=1)


def test_take_on_another_alert_of_the_patient_and_stay_on_the_page(
    alert: Alert, ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28.1, temp={"value": 38.4, "unit": "C"})
    other = alert_of("FEVER")

    answer = sign_in(ben).post(page_of(other, "/acknowledge"), {"from": str(alert.uuid)}, follow=True)

    assert answer.redirect_chain == [(page_of(alert), 303)]
    other.refresh_from_db()
    assert other.owner == ben


def test_recording_a_contact(alert: Alert, ben: User, sign_in: SignIn) -> None:
    typed = {"reached": "yes", "by_what": "phone", "note": "She presses on it.", "seen": "open:"}

    answer = sign_in(ben).post(page_of(alert, "/contact"), typed, follow=True)

    assert "The contact is recorded." in said(answer)
    assert "Patient reached 14:12 today" in said(answer)
    alert.refresh_from_db()
    assert (alert.owner, alert.contacted_at) == (ben, at(28.2))


def test_pressing_twice_is_no_error(alert: Alert, ben: User, sign_in: SignIn) -> None:
    """The page that was sent twice still says that nobody had it."""
    client, typed = sign_in(ben), {"reached": "no", "by_what": "phone", "seen": "open:"}

    assert client.post(page_of(alert, "/contact"), typed).status_code == 303
    assert client.post(page_of(alert, "/contact"), typed).status_code == 303
    assert client.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"}).status_code == 303
    assert client.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"}).status_code == 303


def test_anybody_of_the_team_may_add_a_note(alert: Alert, dee: User, sign_in: SignIn) -> None:
    answer = sign_in(dee).post(page_of(alert, "/note"), {"note": "Her son is with her."}, follow=True)

    assert "Note by Dee Lund Her son is with her." in said(answer)
    assert 'action="/alerts' in answer.content.decode()
    assert "Close this alert" not in said(answer)


def test_closing_with_an_outcome(alert: Alert, ben: User, sign_in: SignIn) -> None:
    answer = sign_in(ben).post(page_of(alert, "/close"), CLOSE | {"seen": "open:"}, follow=True)

    assert answer.redirect_chain == [("/", 303)]
    assert "The alert is closed. " in said(answer)
    alert.refresh_from_db()
    assert (alert.status, alert.outcome, alert.patient_contacted) == ("closed", "seen", True)


@pytest.mark.parametrize("missing", ["outcome", "contacted", "note"])
def test_nothing_about_closing_an_urgent_alert_is_assumed(
    alert: Alert, ben: User, sign_in: SignIn, missing: str
) -> None:
    client = sign_in(ben)
    typed = {name: value for name, value in CLOSE.items() if name != missing}

    page = client.get(page_of(alert)).content.decode()
    answer = client.post(page_of(alert, "/close"), typed | {"seen": "open:"})

    assert "checked" not in page
    assert answer.status_code == 422
    assert "Nothing was saved yet." in said(answer)
    assert Alert.objects.get().status == "open"
    if missing != "note":
        assert CLOSE["note"] in answer.content.decode()


def test_a_note_may_be_left_out_when_it_is_not_urgent(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, wants_call="yes")
    typed = {"outcome": "self-care", "contacted": "yes", "seen": "open:"}

    assert sign_in(ben).post(page_of(alert_of("CALL-ME"), "/close"), typed).status_code == 303
    assert Alert.objects.get().status == "closed"


# --- contact, noise ------------------------------------------------------------------------------------------------


def test_contact_that_was_made_earlier_is_recorded_at_its_time(
    alert: Alert, ben: User, sign_in: SignIn
) -> None:
    typed = {"reached": "yes", "by_what": "phone", "at": "14:06", "seen": "open:"}

    answer = sign_in(ben).post(page_of(alert, "/contact"), typed, follow=True)

    assert "Contact tried: patient reached, by phone, 14:06 today by Ben Okafor" in said(answer)
    assert "Patient reached 14:06 today" in said(answer)
    alert.refresh_from_db()
    assert alert.contacted_at == at(28.1)


def test_the_same_call_is_recorded_with_the_other_alerts_that_are_ticked(
    alert: Alert, ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28.1, temp={"value": 38.4, "unit": "C"}, cough="new")
    fever, cough = alert_of("FEVER"), alert_of("COUGH")
    client = sign_in(ben)
    page = client.get(page_of(alert))
    assert "The same call was about" in said(page)
    assert "checked" not in page.content.decode()
    typed = {"by_what": "phone", "also": [str(fever.uuid)], "note": "Both.", "seen": "open:"}

    unfinished = client.post(page_of(alert, "/contact"), typed)
    field = unfinished.context["forms"]["contact"]["also"]
    assert (field.value(), {code for code, _ in field.field.choices}) == (
        [str(fever.uuid)],
        {str(fever.uuid), str(cough.uuid)},
    )
    assert client.post(page_of(alert, "/contact"), typed | {"reached": "yes"}).status_code == 303

    for each, reached_at in ((alert, at(28.2)), (fever, at(28.2)), (cough, None)):
        each.refresh_from_db()
        assert each.contacted_at == reached_at


def test_a_ticked_alert_that_ended_meanwhile_holds_up_nothing(
    alert: Alert, ana: DeviceToken, ben: User, dora: User, sign_in: SignIn
) -> None:
    report(ana, 28.1, temp={"value": 38.4, "unit": "C"})
    fever = alert_of("FEVER")
    alerts.close(alert_id=fever.uuid, by=dora, outcome="seen", contacted=True, note="Seen.", now=at(28.15))
    typed = {"reached": "yes", "by_what": "phone", "also": [str(fever.uuid)], "seen": "open:"}

    assert sign_in(ben).post(page_of(alert, "/contact"), typed).status_code == 303
    fever.refresh_from_db()
    assert fever.contacted_at is None


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"at": "14:30"}, "That is still to come."),
        ({"on": "2026-03-03"}, "Write the time, too."),
        ({"at": "half two"}, "Write a time as 14:05."),
        ({"at": "14:00", "on": "3 March"}, "Write a day as 2026-03-05."),
    ],
)
def test_a_wrong_time_keeps_what_was_typed_and_says_what_to_do(
    alert: Alert, ben: User, sign_in: SignIn, when: dict[str, str], words: str
) -> None:
    typed = {"reached": "yes", "by_what": "visit", "note": "She presses on it.", "seen": "open:"} | when

    answer = sign_in(ben).post(page_of(alert, "/contact"), typed)

    assert answer.status_code == 422
    assert words in said(answer)
    form = answer.context["forms"]["contact"]
    assert {name: form[name].value() for name in when | {"note": "", "by_what": ""}} == when | {
        "note": "She presses on it.", "by_what": "visit",
    }  # fmt: skip
    assert alert.events.count() == 1


def test_a_contact_before_the_alert_is_refused_with_its_words_kept(
    alert: Alert, ben: User, sign_in: SignIn
) -> None:
    typed = {"reached": "yes", "by_what": "phone", "at": "13:00", "note": "She rang.", "seen": "open:"}

    answer = sign_in(ben).post(page_of(alert, "/contact"), typed)

    assert answer.status_code == 409
    assert "The alert came in at 14:00 on 3 March." in said(answer)
    assert answer.context["forms"]["contact"]["note"].value() == "She rang."


def test_noise_is_said_with_a_reason_and_taken_back(alert: Alert, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    called = client.post(
        page_of(alert, "/noise"), {"noise": "expected", "note": "Always a little.", "seen": "x"}, follow=True
    )

    assert "The alert counts as noise." in said(called)
    assert "This counts as noise: known and expected in this patient." in said(called)
    assert "Called noise: known and expected in this patient by Ben Okafor Always a little." in said(called)
    none = client.post(page_of(alert, "/noise"), {"none": "1"}, follow=True)
    assert "No longer called noise by Ben Okafor" in said(none)
    alert.refresh_from_db()
    assert (alert.noise, alert.status) == ("", "open")


@pytest.mark.parametrize(
    ("typed", "words"), [({"note": "Hm."}, "Choose one."), ({"noise": "other"}, "Write a few words.")]
)
def test_noise_needs_its_reason(
    alert: Alert, ben: User, sign_in: SignIn, typed: dict[str, str], words: str
) -> None:
    answer = sign_in(ben).post(page_of(alert, "/noise"), typed)

    assert answer.status_code == 422
    assert words in said(answer)
    assert alert.events.count() == 1


def test_closed_as_noise_in_one_go_unless_it_was_an_emergency(
    alert: Alert, ben: User, sign_in: SignIn
) -> None:
    client, typed = sign_in(ben), CLOSE | {"noise": "nothing-to-do", "seen": "open:"}

    refused = client.post(page_of(alert, "/close"), typed | {"outcome": "sent-to-emergency"})
    assert refused.status_code == 422
    assert "Who was sent to emergency care was no noise." in said(refused)
    assert client.post(page_of(alert, "/close"), typed).status_code == 303
    alert.refresh_from_db()
    assert (alert.status, alert.noise) == ("closed", "nothing-to-do")


# --- whose it is ---------------------------------------------------------------------------------------------------


def test_assigned_it_waits_for_everybody_and_stands_among_the_colleagues_own(
    alert: Alert, ben: User, dora: User, sign_in: SignIn
) -> None:
    answer = sign_in(ben).post(
        page_of(alert, "/ask"), {"to": str(dora.uuid), "note": "You know her.", "seen": "open:"}, follow=True
    )

    assert "Nobody has taken this on." in said(answer)
    assert (
        "Dora Klein was asked to take it by Ben Okafor at 14:12 today and has not yet. “You know her.”"
        in (said(answer))
    )
    theirs = sign_in(dora)
    assert "Ben Okafor asked you to take it at 14:12 today. “You know her.”" in said(
        theirs.get(page_of(alert))
    )
    assert "You were asked to take it 14:12 today" in said(theirs.get("/?owner=mine"))
    assert "Ana Whitfield" not in said(sign_in(ben).get("/?owner=mine"))
    assert "Dora Klein was asked 14:12 today" in said(sign_in(ben).get("/?owner=nobody"))


def test_handed_over_it_is_the_colleagues_once_they_take_it(
    alert: Alert, ben: User, dora: User, sign_in: SignIn
) -> None:
    take_on(alert, ben, 28.1)
    bens, doras = sign_in(ben), sign_in(dora)
    page = bens.post(page_of(alert, "/ask"), {"to": str(dora.uuid)} | seen_on(bens, alert), follow=True)
    assert "You have this since 14:06 today." in said(page)

    taken = doras.post(page_of(alert, "/take-over"), seen_on(doras, alert), follow=True)

    assert "You have this since 14:12 today." in said(taken)
    assert "Taken over from Ben Okafor by Dora Klein" in said(taken)
    assert "Dora Klein took this over at 14:12 today." in said(bens.get(page_of(alert)))


def test_of_two_who_ask_different_colleagues_the_second_reads_whom_the_first_asked(
    alert: Alert, team: CareTeam, ben: User, dora: User, sign_in: SignIn
) -> None:
    eva = factories.member(team, "Eva Rossi")
    bens, evas = sign_in(ben), sign_in(eva)
    at_evas_desk = {"to": str(ben.uuid), "note": "You are nearer."} | seen_on(evas, alert)
    bens.post(page_of(alert, "/ask"), {"to": str(dora.uuid)} | seen_on(bens, alert))

    refused = evas.post(page_of(alert, "/ask"), at_evas_desk)

    assert refused.status_code == 409
    assert "Ben Okafor asked Dora Klein at 14:12 today." in said(refused)
    assert "You are nearer." in refused.content.decode()
    alert.refresh_from_db()
    assert alert.asked == dora
    meant = at_evas_desk | seen_on(evas, alert)
    assert evas.post(page_of(alert, "/ask"), meant, follow=True).status_code == 200
    alert.refresh_from_db()
    assert alert.asked == ben


def test_of_two_who_take_it_over_the_second_reads_who_was_first(
    alert: Alert, ben: User, dora: User, team: CareTeam, sign_in: SignIn
) -> None:
    take_on(alert, ben, 28.1)
    nora = sign_in(factories.member(team, "Nora Lindqvist"))
    as_nora_saw_it = seen_on(nora, alert)
    alerts.take_over(alert_id=alert.uuid, by=dora, now=at(28.15))

    refused = nora.post(page_of(alert, "/take-over"), as_nora_saw_it)

    assert refused.status_code == 409
    assert "Dora Klein took this over at 14:09 today." in said(refused)
    alert.refresh_from_db()
    assert alert.owner == dora


def test_what_was_typed_for_a_colleague_is_kept_when_another_took_it_on_meanwhile(
    alert: Alert, ben: User, dora: User, team: CareTeam, sign_in: SignIn
) -> None:
    nora = factories.member(team, "Nora Lindqvist")
    client = sign_in(ben)
    typed = {"to": str(nora.uuid), "note": "She speaks Polish."} | seen_on(client, alert)
    take_on(alert, dora, 28.1)

    refused = client.post(page_of(alert, "/ask"), typed)

    assert refused.status_code == 409
    assert "Dora Klein took this on at 14:06 today." in said(refused)
    form = refused.context["forms"]["ask"]
    assert (form["to"].value(), form["note"].value()) == (str(nora.uuid), "She speaks Polish.")


def test_only_those_who_can_take_it_are_offered(
    alert: Alert, ben: User, dora: User, dee: User, cleo: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    offered = client.get(page_of(alert)).context["forms"]["ask"].fields["to"].choices
    assert offered == [("", "Choose one"), (str(dora.uuid), "Dora Klein")]

    for other in (dee, cleo, ben):
        answer = client.post(page_of(alert, "/ask"), {"to": str(other.uuid), "seen": "open:"})
        assert answer.status_code == 422
    assert "This was noise" not in said(sign_in(dee).get(page_of(alert)))
    alert.refresh_from_db()
    assert alert.asked is None


def test_a_note_that_was_sent_twice_stands_there_once(alert: Alert, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    for _ in range(2):
        assert client.post(page_of(alert, "/note"), {"note": "Rings back."}).status_code == 303

    assert alert.events.filter(kind="noted").count() == 1


def seen_on(client: Client, alert: Alert) -> dict[str, str]:
    """What the forms of the page that this client has open remember."""
    return {"seen": client.get(page_of(alert)).context["screen"].state.seen}


# --- two at once ---------------------------------------------------------------------------------------------------


def test_the_second_is_told_who_took_it_on_and_keeps_what_she_typed(
    alert: Alert, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    """Dora read the page while nobody had it, and writes; meanwhile Ben takes it on."""
    dora = sign_in(factories.member(team, "Dora Klein", "doctor"))
    take_on(alert, ben, 28.1)

    refused = dora.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"})

    assert refused.status_code == 409
    assert "Ben Okafor took this on at 14:06 today. Nothing was saved." in said(refused)
    assert CLOSE["note"] in refused.content.decode()
    alert.refresh_from_db()
    assert alert.status == "acknowledged"


def test_what_a_form_remembers_of_a_colleague_is_no_number_that_can_be_counted(
    alert: Alert, ben: User, sign_in: SignIn
) -> None:
    take_on(alert, ben, 28.1)

    page = sign_in(ben).get(page_of(alert))

    seen = page.context["forms"]["contact"]["seen"].value()
    assert seen.split(":")[:2] == ["acknowledged", str(ben.uuid)]


def test_sent_again_in_knowledge_of_the_first_it_is_done(
    alert: Alert, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    dora = sign_in(factories.member(team, "Dora Klein", "doctor"))
    take_on(alert, ben, 28.1)
    refused = dora.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"})
    form = refused.context["forms"]["close"]

    again = {name: form[name].value() for name in ("seen", *CLOSE)}

    assert dora.post(page_of(alert, "/close"), again).status_code == 303
    alert.refresh_from_db()
    assert alert.status == "closed"


def test_a_note_typed_while_a_colleague_closed_it_can_still_be_added(
    alert: Alert, ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    dora = sign_in(factories.member(team, "Dora Klein", "doctor"))
    typed = {"reached": "yes", "by_what": "phone", "note": "She says it has stopped.", "seen": "open:"}
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(28.1))

    refused = dora.post(page_of(alert, "/contact"), typed)

    assert refused.status_code == 409
    assert "Ben Okafor closed this at 14:06 on 3 March." in said(refused)
    offered = refused.context["forms"]["note"]["note"].value()
    assert offered == f"Did you reach the patient? Yes\nHow did you try? Phone\n{typed['note']}"
    answer = dora.post(page_of(alert, "/note"), {"note": typed["note"]}, follow=True)
    assert "Note by Dora Klein She says it has stopped." in said(answer)


def test_somebody_who_may_not_close_is_not_offered_it_and_refused(
    alert: Alert, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(dee)

    assert "Close this alert" not in said(client.get(page_of(alert)))
    refused = client.post(page_of(alert, "/close"), CLOSE | {"seen": "open:"})
    assert refused.status_code == 409
    assert "Only a nurse or a doctor of the care team can do this." in said(refused)
    assert CLOSE["note"] in refused.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("move", "typed"), [("take-over", {}), ("close", CLOSE), ("ask", {"note": "She speaks Polish."})]
)
def test_who_acts_at_the_instant_in_which_a_colleague_takes_it_reads_who_it_was(
    sign_in: SignIn, set_clock: SetClock, move: str, typed: dict[str, str]
) -> None:
    team = factories.team()
    ben, dora, nora = (
        factories.member(team, name) for name in ("Ben Okafor", "Dora Klein", "Nora Lindqvist")
    )
    report(factories.phone(factories.episode(team))[0], 28, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    if move == "take-over":
        take_on(alert, ben, 28.1)
    client = sign_in(nora)
    sent = typed | seen_on(client, alert) | {"to": str(ben.uuid)}

    def by_dora() -> None:
        if move == "take-over":
            alerts.take_over(alert_id=alert.uuid, by=dora, now=at(28.15))
        else:
            take_on(alert, dora, 28.15)

    refused = behind(by_dora, lambda: client.post(page_of(alert, f"/{move}"), sent))

    assert refused.status_code == 409
    assert f"Dora Klein took this {'over' if move == 'take-over' else 'on'} at 14:09 today." in said(refused)
    alert.refresh_from_db()
    assert (alert.owner, alert.status, alert.asked) == (dora, "acknowledged", None)
