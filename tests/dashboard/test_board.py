from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import clock, quarantine
from recovery.models import CareTeam, DeviceToken, Notification, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import again, alert_of, flag_all, page_of, report, said, take_on


def poll(client: Client, tag: str = ""):
    headers = {"HX-Request": "true"} | ({"If-None-Match": tag} if tag else {})
    return client.get("/board/list", headers=headers)


# --- what stands on it ---------------------------------------------------------------------------------------------


def test_the_worst_stands_first_and_then_the_longest_waiting(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    phones = {
        name: factories.phone(factories.episode(team, name=name))[0] for name in ("Ana", "Bo", "Cy", "Di")
    }
    report(phones["Ana"], 24, wants_call="yes")
    report(phones["Bo"], 26, bleeding="oozing")
    report(phones["Cy"], 25, bleeding="oozing")
    report(phones["Di"], 28, cannot_move="yes", mobility="with_help")

    text = said(sign_in(ben).get("/"))

    order = [
        text.index(words)
        for words in (
            "Take on within 5 minutes",
            "Di ",
            "Take on within 30",
            "Cy ",
            "Bo ",
            "within 8 hours",
            "Ana ",
        )
    ]
    assert order == sorted(order)


def test_a_row_says_who_what_when_and_how_long(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")

    text = said(sign_in(ben).get("/"))

    assert "1 alert waits for somebody to take on" in text
    assert "Ana Whitfield Born 12 April 1950 (75) · Hospital no. H" in text
    assert "Cannot move a body part" in text
    assert "Cannot move a body part: yes" in text
    assert "14:00 today · Day 1, hour 28 · phase “Days 1 to 3”" in text
    assert "Waiting 12 min Take on: 7 min overdue" in text
    assert "New Nobody has taken this on" in text
    assert "All times: Europe/London (GMT)" in text


def test_time_left_is_told_until_the_target_and_overdue_after(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 28, bleeding="oozing")

    assert "Take on within 18 min" in said(sign_in(ben).get("/"))
    take_on(alert_of("BLEED-OOZE"), ben, 28.3)
    set_clock(29)
    assert "Reach the patient within 3 h" in said(sign_in(ben).get("/"))
    set_clock(33)
    assert "Reach the patient: 1 h overdue" in said(sign_in(ben).get("/"))


def test_the_day_is_the_patients_and_the_hour_is_the_clinics(
    ben: User, team: CareTeam, sign_in: SignIn
) -> None:
    """03:00 in London on 4 March is still 3 March in New York: day 1 there."""
    ana, _ = factories.phone(factories.episode(team, time_zone="America/New_York"))
    report(ana, 41, cannot_move="yes", mobility="with_help")

    text = said(sign_in(ben).get("/"))

    assert "Day 1, hour 41" in text
    assert "03:00 on Wed 4 March" in text


def test_routine_items_are_counted_and_listed_apart(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, bandage="off")
    client = sign_in(ben)

    board, review = said(client.get("/")), said(client.get("/review"))

    assert "No open alerts" in board
    assert "read the 1 on the review list" in board
    assert "Ana Whitfield" not in board
    assert "Ana Whitfield" in review
    assert "Bandage: off" in review


def test_beside_something_urgent_a_routine_item_does_not_say_that_the_patient_need_not_call(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 28, bleeding="oozing", bandage="wet")

    review = said(sign_in(ben).get("/review"))

    assert "The patient was told: “Call your care team now on" in review
    assert "no need to call" not in review


def test_an_empty_board_explains_itself(ben: User, sign_in: SignIn) -> None:
    assert "Nothing is waiting for your teams." in said(sign_in(ben).get("/"))


def test_somebody_without_a_team_is_told_whom_to_ask(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("eli@example.org", factories.PASSWORD, name="Eli"))

    assert "You belong to no care team" in said(client.get("/"))


def test_a_stranger_sees_nothing_of_it(ana: DeviceToken, cleo: User, sign_in: SignIn) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    client = sign_in(cleo)

    for address in ("/", "/review", "/reports", "/board/list"):
        response = client.get(address)
        assert response.status_code == 200
        assert "Ana Whitfield" not in response.content.decode()


@pytest.mark.hazard("HZ2.7")
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Notification.Status.FAILED, "A message to Ben Okafor about 1 alert could not be delivered."),
        (Notification.Status.WAITING, "A message to Ben Okafor about 1 alert is late."),
    ],
)
def test_a_colleague_who_could_not_be_told_is_named(
    ana: DeviceToken, ben: User, sign_in: SignIn, status: str, words: str
) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    Notification.objects.update(status=status)

    assert words in said(sign_in(ben).get("/"))


def test_a_message_on_its_way_is_no_trouble(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    set_clock(28 + 4 / 60)

    assert "Somebody could not be told" not in said(sign_in(ben).get("/"))


# --- live ----------------------------------------------------------------------------------------------------------


def test_nothing_is_rendered_while_nothing_has_changed(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    client = sign_in(ben)
    first = poll(client)

    again = poll(client, first["ETag"])

    assert (again.status_code, again.content) == (304, b"")
    assert again["Data-As-Of"] == first["Data-As-Of"] == "14:12:00"


@pytest.mark.parametrize(
    "what", ["a new alert", "taken on", "a day", "told", "ended membership", "refused report"]
)
def test_whatever_changes_what_is_shown_is_sent(
    ana: DeviceToken, ben: User, sign_in: SignIn, set_clock: SetClock, what: str
) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    client = sign_in(ben)
    tag = poll(client)["ETag"]

    match what:
        case "a new alert":
            report(ana, 28.1, bleeding="oozing")
        case "taken on":
            take_on(alert_of("NEURO-MOVE"), ben, 28.2)
        case "a day":
            set_clock(40)
        case "told":
            Notification.objects.update(status="failed")
        case "ended membership":
            ben.memberships.update(ended_at=clock.now() + timedelta(days=999))
        case "refused report":
            refuse(ana)

    assert poll(client, tag).status_code == 200


def refuse(device: DeviceToken, body: bytes = b"{", *, readable: bool = False) -> None:
    quarantine.keep(
        device=again(device), body=body, code="unreadable", problems=[], readable=readable, now=clock.now()
    )


def test_a_poll_after_signing_out_sends_the_whole_page_to_sign_in(db: None) -> None:
    response = poll(Client())

    assert response["HX-Redirect"] == "/accounts/login/?next=%2F"
    assert response.content == b""


@pytest.mark.parametrize("address", ["/", "/board/list", "/review", "/reports"])
def test_a_list_of_twenty_asks_the_database_as_often_as_a_list_of_one(
    team: CareTeam, ben: User, sign_in: SignIn, address: str
) -> None:
    client = sign_in(ben)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    patients(team, 1)
    one = count()
    patients(team, 19)

    assert count() == one <= 10


def patients(team: CareTeam, number: int) -> None:
    for _ in range(number):
        device, _ = factories.phone(factories.episode(team))
        report(device, 28, bleeding="oozing", bandage="off")
        refuse(device)
    flag_all(28.2)


# --- take on from the row ------------------------------------------------------------------------------------------


def test_a_press_from_an_address_that_is_none_is_taken(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    headers = {"HX-Request": "true", "HX-Current-URL": "http://["}

    answer = sign_in(ben).post(
        page_of(alert_of("NEURO-MOVE"), "/acknowledge"), {"from": "board"}, headers=headers
    )

    assert answer.status_code == 200


def test_one_press_takes_an_alert_on(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    alert, client = alert_of("NEURO-MOVE"), sign_in(ben)

    answer = client.post(page_of(alert, "/acknowledge"), {"from": "board"}, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert "You have it since 14:12 today" in said(answer)
    assert "Call 07700 900123" in said(answer)
    alert.refresh_from_db()
    assert (alert.status, alert.owner) == ("acknowledged", ben)


def test_it_works_without_javascript(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    alert, client = alert_of("NEURO-MOVE"), sign_in(ben)

    answer = client.post(page_of(alert, "/acknowledge"), {"from": "board"})

    assert (answer.status_code, answer["Location"]) == (303, f"/#alert-{alert.uuid}")
    assert "You have taken this on. Now phone the patient." in said(client.get("/"))


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_the_second_to_press_is_told_who_was_first(
    ana: DeviceToken, ben: User, team: CareTeam, sign_in: SignIn, headers: dict
) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    alert = alert_of("NEURO-MOVE")
    dora = sign_in(factories.member(team, "Dora Klein", "doctor"))
    take_on(alert, ben, 28.1)

    answer = dora.post(page_of(alert, "/acknowledge"), {"from": "board"}, headers=headers)

    assert answer.status_code == 409
    assert "Ben Okafor took this on at 14:06" in said(answer)
    assert "Ben Okafor has it" in said(answer)


def test_who_may_not_take_it_on_is_not_offered_it(ana: DeviceToken, dee: User, sign_in: SignIn) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    alert, client = alert_of("NEURO-MOVE"), sign_in(dee)

    assert "A nurse or doctor of Spine team can take it on." in said(client.get("/"))
    answer = client.post(page_of(alert, "/acknowledge"), {"from": "board"})
    assert answer.status_code == 409
    assert "Only a nurse or a doctor" in said(answer)


# --- reports that nobody has judged --------------------------------------------------------------------------------


def test_a_report_that_could_not_be_read_is_an_alert_and_is_listed(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    refuse(ana)
    flag_all(28.2)
    client = sign_in(ben)

    board, reports = said(client.get("/")), said(client.get("/reports"))

    assert "Report could not be read" in board
    assert "Unread reports 1" in board
    assert "It could not be read at all." in reports
    assert "An alert was opened. Phone the patient and ask how they are." in reports


def test_valid_answers_of_a_refused_report_are_named_by_what_was_found(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    quarantine.keep(
        device=again(ana),
        body=b'{"answers": {"bleeding": "oozing", "pain_now": 77}}',
        code="invalid",
        problems=[{"place": "answers.pain_now", "code": "less_than_equal"}],
        readable=True,
        readings=[{"bleeding": "oozing"}],
        now=clock.now(),
    )

    text = said(sign_in(ben).get("/reports"))

    assert "It could be read, but 1 part of it was not valid." in text
    assert "Its valid answers were judged: Bleeding that keeps coming" in text
