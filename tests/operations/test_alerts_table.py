"""The legal moves of an alert: each from every state, and the event that it leaves."""

import pytest
from django.test import Client

from recovery import alerts
from recovery.alerts import NotAllowed
from recovery.dashboard.screens.history import WHAT
from recovery.models import Alert, AlertEvent, CareTeam, DeviceToken, User
from tests import factories
from tests.factories import at
from tests.operations.ward import close, kinds, report

pytestmark = pytest.mark.django_db

STATES = ("open", "acknowledged", "closed", "resolved")
LEGAL = {
    "acknowledge": {"open": "acknowledged"},
    "ask": {"open": "open", "acknowledged": "acknowledged"},
    "take over": {"acknowledged": "acknowledged"},
    "contact": {"open": "acknowledged", "acknowledged": "acknowledged"},
    "note": {state: state for state in STATES},
    "mute": {state: state for state in STATES},
    "noise": {state: state for state in STATES},
    "close": {"open": "closed", "acknowledged": "closed"},
}
"""What a nurse may do, and where it leads. Contact on an alert that nobody took on takes it on."""

LEAVES = {
    "acknowledge": "acknowledged",
    "ask": "asked",
    "take over": "taken-over",
    "contact": "contacted",
    "note": "noted",
    "mute": "muted",
    "noise": "noise",
    "close": "closed",
}


@pytest.fixture
def dora(team: CareTeam) -> User:
    return factories.member(team, "Dora Klein", "doctor")


def alert_in(state: str, ana: DeviceToken, dora: User) -> Alert:
    """A colleague brought it there; what resolves itself did."""
    report(ana, 30, cough="new")
    alert = Alert.objects.get()
    if state == "acknowledged":
        alerts.acknowledge(alert_id=alert.uuid, by=dora, now=at(30.5))
    if state == "closed":
        close(alert, dora, 30.5)
    if state == "resolved":
        report(ana, 31)
        report(ana, 32)
    alert.refresh_from_db()
    assert alert.status == state
    return alert


def do(move: str, alert: Alert, by: User) -> None:
    who = {"alert_id": alert.uuid, "by": by, "now": at(33)}
    match move:
        case "acknowledge":
            alerts.acknowledge(**who)
        case "ask":
            alerts.ask(**who, to=factories.member(alert.team, "Nora Lindqvist").uuid)
        case "take over":
            alerts.take_over(**who)
        case "contact":
            alerts.record_contact(**who, reached=True, by_what="phone")
        case "note":
            alerts.add_note(**who, note="Rings back at six.")
        case "mute":
            alerts.mute(**who, until=at(90), reason="Known cough.")
        case "noise":
            alerts.call_noise(**who, noise="expected")
        case "close":
            alerts.close(**who, outcome="seen", contacted=True, note="Seen.")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("move", LEGAL)
def test_every_move_from_every_state_is_legal_and_leaves_its_event_or_is_refused_and_leaves_nothing(
    ana: DeviceToken, ben: User, dora: User, state: str, move: str
) -> None:
    alert = alert_in(state, ana, dora)
    row = Alert.objects.filter(pk=alert.pk)
    before, history = row.values().get(), kinds(alert)

    if target := LEGAL[move].get(state):
        do(move, alert, ben)
        new = kinds(alert)[len(history) :]
        assert row.get().status == target
        assert new[-1] == LEAVES[move]
        assert new[:-1] == (["acknowledged"] if (move, state) == ("contact", "open") else [])
    else:
        with pytest.raises(NotAllowed, match=r"Dora Klein|resolved itself|Nobody has this yet"):
            do(move, alert, ben)
        assert (row.values().get(), kinds(alert)) == (before, history)


def test_the_table_of_moves_is_the_one_that_is_tested() -> None:
    moves = {
        name: {str(state) for state in STATES if Alert.Status(state) in allowed}
        for name, (allowed, _, _) in alerts.MOVES.items()
    }

    assert moves == {name: set(states) for name, states in LEGAL.items()} | {
        "resolve": {"open", "acknowledged"},
        "give back": {"acknowledged"},
    }
    assert {str(state) for state in Alert.Status} == set(STATES)


def test_every_kind_of_event_has_its_words_on_the_page() -> None:
    assert set(WHAT) == set(AlertEvent.Kind)


def test_a_muted_alert_can_be_read(ana: DeviceToken, ben: User, client: Client) -> None:
    report(ana, 30, bleeding="oozing")
    alert = Alert.objects.get()
    alerts.mute(alert_id=alert.uuid, until=at(90), reason="Known ooze.", by=ben, now=at(31))
    alerts.unmute(alert_id=alert.uuid, by=ben, now=at(32))
    client.force_login(ben)

    page = client.get(f"/alerts/{alert.uuid}").content.decode()

    assert "Known ooze." in page
    assert "Muted until 04:00 on Fri 6 March" in page
    assert "No longer muted" in page
