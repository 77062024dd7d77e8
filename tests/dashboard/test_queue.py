"""The board as a queue: one case for each patient, what fits a choice, and what it costs to ask again."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import access, alerts, identity, silence
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens import board
from recovery.dashboard.screens.case import pressing
from recovery.models import Alert, CareTeam, DeviceToken, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import alert_of, flag_all, report, said, take_on
from tests.dashboard.test_board import poll
from tests.factories import at

RED = {"cannot_move": "yes", "mobility": "with_help"}


def phone_of(team: CareTeam, name: str) -> DeviceToken:
    return factories.phone(factories.episode(team, name=name))[0]


# --- cases ---------------------------------------------------------------------------------------------------------


def test_a_patient_stands_once_with_every_alert_the_worst_first(
    ana: DeviceToken, ben: User, sign_in: SignIn
) -> None:
    report(ana, 27, wants_call="yes")
    report(ana, 28, **RED)

    text = said(sign_in(ben).get("/"))

    assert text.count("Born 12 April 1950") == 1
    assert text.index("Cannot move a body part") < text.index("Asks for a call")
    assert "2 alerts wait for somebody to take on" in text


def test_of_equal_tier_the_one_whose_step_is_due_first_stands_first(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    """Taken on half an hour ago, there are hours left to reach Ana; nobody has taken Bo on yet."""
    report(phone_of(team, "Ana"), 27, bleeding="oozing")
    report(phone_of(team, "Bo"), 28, bleeding="oozing")
    take_on(alert_of("BLEED-OOZE", name="Ana"), ben, 27.5)

    text = said(sign_in(ben).get("/"))

    assert text.index("Bo ") < text.index("Ana ")


def test_the_order_is_that_of_the_hand_over(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    """The database puts the board in order, the hand-over sheet does so itself: tiers, hands, contacts, ties."""
    for number, answers in enumerate(3 * [RED, {"bleeding": "oozing"}, {"wants_call": "yes"}]):
        report(phone_of(team, f"P{number}"), 26 + number % 2, **answers)
    live = list(Alert.objects.filter(tier__gte=Tier.WITHIN_24H).order_by("-pk"))
    for alert in live[::2]:
        take_on(alert, ben, 27.5)
    for alert in live[::4]:
        alerts.record_contact(alert_id=alert.uuid, by=ben, reached=True, by_what="phone", now=at(27.6))

    page = sign_in(ben).get("/").content.decode()

    shown = re.findall(r'id="alert-([0-9a-f-]{36})"', page)
    listed = sorted(access.alerts(ben).for_board(), key=pressing)
    by_episode: dict[int, list[str]] = {}
    for alert in listed:
        by_episode.setdefault(alert.episode_id, []).append(str(alert.uuid))
    assert shown == [alert for case in by_episode.values() for alert in case]


@pytest.mark.parametrize("when", ["asks again", "loads the page"])
def test_a_name_that_is_corrected_is_on_the_next_board(
    ana: DeviceToken, ben: User, sign_in: SignIn, when: str
) -> None:
    report(ana, 28, **RED)
    client = sign_in(ben)
    client.get("/")
    tag = poll(client)["ETag"]

    identity.correct(
        episode_id=ana.episode.uuid,
        name="Ana Whitfeld",
        born_on=ana.patient.born_on,
        hospital_number=ana.patient.hospital_number,
        levels=ana.episode.levels,
        reason="Mistyped",
        by=ben,
        now=at(28.2),
    )

    answer = poll(client, tag) if when == "asks again" else client.get("/")
    assert "Ana Whitfeld" in said(answer)


def test_what_the_patient_was_told_is_shown_and_silence_was_told_nothing(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    report(phone_of(team, "Ana"), 28, **RED)

    assert "The patient was told: “Call 999 now." in said(sign_in(ben).get("/"))


def test_a_case_drawn_for_one_is_pressed_by_the_next_with_a_token_of_their_own(
    ana: DeviceToken, team: CareTeam, ben: User
) -> None:
    """The same case looks the same to both, and is drawn once; whoever has it sees so, and the other sees who."""
    report(ana, 28, **RED)
    dora = factories.member(team, "Dora Keane")
    browsers = {user: Client(enforce_csrf_checks=True) for user in (ben, dora)}
    pages = {}
    for user, browser in browsers.items():
        browser.force_login(user)
        pages[user] = browser.get("/").content.decode()
    tokens = {user: re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', pages[user]) for user in browsers}
    assert len({token for given in tokens.values() for token in given}) == 2

    address = f"/alerts/{alert_of('NEURO-MOVE').uuid}/acknowledge"
    foreign = browsers[dora].post(address, {"csrfmiddlewaretoken": tokens[ben][0], "from": "board"})
    own = browsers[dora].post(address, {"csrfmiddlewaretoken": tokens[dora][0], "from": "board"})

    assert (foreign.status_code, own.status_code) == (403, 303)
    assert "You have it" in said(browsers[dora].get("/"))
    assert f"{dora.name} has it" in said(browsers[ben].get("/"))


def test_an_alert_counts_down_by_itself(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28.15, **RED)

    page = sign_in(ben).get("/").content.decode()

    assert f'data-due="{(at(28.15) + timedelta(minutes=5)).isoformat()}" data-what="Take on"' in page
    assert f'data-since="{at(28.15).isoformat()}"' in page


# --- choices -------------------------------------------------------------------------------------------------------


@pytest.fixture
def several(team: CareTeam, ben: User, set_clock: SetClock) -> None:
    """Ana is an emergency; Bo bleeds and is Ben's; Cy never started."""
    report(phone_of(team, "Ana"), 58, **RED)
    report(phone_of(team, "Bo"), 58, bleeding="oozing")
    take_on(alert_of("BLEED-OOZE", name="Bo"), ben, 58.1)
    phone_of(team, "Cy")
    set_clock(60)
    silence.judge_due(limit=10, now=at(60))
    flag_all(60)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Ana", "Bo", "Cy"}),
        ("owner=mine", {"Bo"}),
        ("owner=nobody", {"Ana", "Cy"}),
        ("tier=emergency", {"Ana"}),
        ("tier=same_day&owner=mine", {"Bo"}),
        ("about=silent", {"Cy"}),
        ("about=unjudged", set()),
        ("owner=everybody&tier=loud&team=none", {"Ana", "Bo", "Cy"}),
    ],
)
def test_a_choice_stands_in_the_address(
    several: None, ben: User, sign_in: SignIn, query: str, names: set[str]
) -> None:
    page = sign_in(ben).get(f"/?{query}").content.decode()

    assert {name for name in ("Ana", "Bo", "Cy") if f">{name}</a></h3>" in page} == names


def test_an_emergency_is_never_hidden_without_a_word(several: None, ben: User, sign_in: SignIn) -> None:
    text = said(sign_in(ben).get("/?owner=mine"))

    assert "1 of 3 patients shown." in text
    assert "1 emergency is not shown because of your filter." in text


def test_an_empty_choice_explains_itself(several: None, ben: User, sign_in: SignIn) -> None:
    text = said(sign_in(ben).get("/?about=unjudged"))

    assert "No patient on the board fits this choice." in text


def test_a_team_is_a_choice_for_somebody_who_has_two(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    other = factories.team(team.clinic, "Night team")
    ben.memberships.create(team=other, role="nurse")
    report(phone_of(team, "Ana"), 28, **RED)
    report(phone_of(other, "Bo"), 28, **RED)

    page = sign_in(ben).get(f"/?team={other.uuid}").content.decode()

    assert ">Bo</a></h3>" in page
    assert ">Ana</a></h3>" not in page


def test_the_team_of_strangers_chooses_nothing(
    ana: DeviceToken, ben: User, cleo: User, sign_in: SignIn
) -> None:
    report(ana, 28, **RED)
    CareTeam.objects.filter(pk=ana.episode.team_id).update(name="North team")

    text = said(sign_in(cleo).get(f"/?team={ana.episode.team.uuid}"))

    assert "Ana" not in text
    assert "North team" not in text


def test_a_button_pressed_under_a_choice_answers_under_the_same_choice(
    several: None, ben: User, sign_in: SignIn
) -> None:
    alert = alert_of("NEURO-MOVE", name="Ana")
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/?tier=emergency"}

    page = sign_in(ben).post(f"/alerts/{alert.uuid}/acknowledge", {"from": "board"}, headers=headers)

    assert b">Ana</a></h3>" in page.content
    assert b">Bo</a></h3>" not in page.content


# --- very many -----------------------------------------------------------------------------------------------------


def test_many_patients_make_pages_and_the_first_has_the_worst(
    team: CareTeam, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "CASES_PER_PAGE", 2)
    for name, answers in {"Ana": {"wants_call": "yes"}, "Bo": {"bleeding": "oozing"}, "Cy": RED}.items():
        report(phone_of(team, name), 28, **answers)
    client = sign_in(ben)

    first, second = client.get("/").content.decode(), client.get("/?page=2").content.decode()

    assert [">Cy</a>" in first, ">Bo</a>" in first, ">Ana</a>" in first] == [True, True, False]
    assert ">Ana</a>" in second
    assert "Page 1 of 2" in first
    assert client.get("/?page=99").content.decode().count("Page 2 of 2") == 1


# --- asking again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "owner=mine", "tier=emergency&page=3"])
def test_asking_again_with_nothing_new_takes_two_statements_and_no_body(
    ana: DeviceToken, ben: User, sign_in: SignIn, query: str
) -> None:
    report(ana, 28, **RED)
    client = sign_in(ben)
    tag = client.get(f"/board/list?{query}")["ETag"]

    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/board/list?{query}", headers={"HX-Request": "true", "If-None-Match": tag})

    assert answer.status_code == 304
    assert len(queries) <= 2
    head = sum(len(name) + len(value) + 4 for name, value in answer.items())
    assert len(answer.content) + head < 1_000


def test_one_choice_is_not_taken_for_another(ana: DeviceToken, ben: User, sign_in: SignIn) -> None:
    report(ana, 28, **RED)
    client = sign_in(ben)
    tag = poll(client)["ETag"]

    answer = client.get("/board/list?owner=mine", headers={"HX-Request": "true", "If-None-Match": tag})

    assert answer.status_code == 200


@pytest.mark.parametrize("how", ["signed out", "password changed", "deactivated", "nobody"])
def test_whoever_is_not_signed_in_is_told_nothing_even_with_the_right_tag(
    ana: DeviceToken, ben: User, sign_in: SignIn, how: str
) -> None:
    report(ana, 28, **RED)
    client = sign_in(ben)
    tag = poll(client)["ETag"]

    match how:
        case "signed out":
            client.logout()
        case "password changed":
            ben.set_password("another long password")
            ben.save()
        case "deactivated":
            User.objects.filter(pk=ben.pk).update(is_active=False)
        case "nobody":
            client = Client()

    assert "HX-Redirect" in poll(client, tag)


def test_two_alerts_that_change_at_one_instant_are_two_changes(
    ana: DeviceToken, ben: User, dee: User, sign_in: SignIn
) -> None:
    report(ana, 28, **RED)
    report(ana, 28.1, bleeding="oozing")
    client = sign_in(ben)
    tag = poll(client)["ETag"]

    alerts.acknowledge(alert_id=alert_of("NEURO-MOVE").uuid, by=ben, now=at(28.2))
    between = poll(client, tag)["ETag"]
    alerts.acknowledge(alert_id=alert_of("BLEED-OOZE").uuid, by=ben, now=at(28.2))

    assert poll(client, between).status_code == 200
