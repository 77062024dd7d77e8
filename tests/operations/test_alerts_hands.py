"""In whose hands an alert is. Who is asked has it only once they take it; nobody takes it from two at once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from recovery import alerts
from recovery.alerts import NotAllowed
from recovery.models import Alert, AlertEvent, CareTeam, DeviceToken, Membership, Notification, User
from recovery.notifications.claims import claim
from tests import factories
from tests.factories import at
from tests.operations.ward import close, kinds, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(ana: DeviceToken, ben: User) -> Alert:
    report(ana, 30, bleeding="oozing")
    return Alert.objects.get()


@pytest.fixture
def dora(team: CareTeam) -> User:
    return factories.member(team, "Dora Klein", "doctor")


def ask(alert: Alert, to: User, by: User, hours: float = 31, note: str = "") -> Alert:
    return alerts.ask(alert_id=alert.uuid, to=to.uuid, by=by, note=note, now=at(hours))


def take_on(alert: Alert, by: User, hours: float = 31) -> Alert:
    return alerts.acknowledge(alert_id=alert.uuid, by=by, now=at(hours))


def take_over(alert: Alert, by: User, hours: float = 32) -> Alert:
    return alerts.take_over(alert_id=alert.uuid, by=by, now=at(hours))


# --- asked ---------------------------------------------------------------------------------------------------------


def test_who_is_asked_does_not_have_it_and_its_clock_runs_on(alert: Alert, ben: User, dora: User) -> None:
    asked = ask(alert, dora, ben, note="She speaks Polish.")

    assert (asked.status, asked.owner, asked.acknowledged_at) == ("open", None, None)
    assert (asked.asked, asked.asked_at, asked.tier_at) == (dora, at(31), alert.tier_at)
    assert kinds(alert) == ["opened", "asked"]
    assert alert.events.latest("id").detail == {
        "to": str(dora.uuid), "name": "Dora Klein", "note": "She speaks Polish.",
    }  # fmt: skip


def test_handed_over_it_stays_with_its_owner_until_the_colleague_takes_it(
    alert: Alert, ben: User, dora: User
) -> None:
    take_on(alert, ben)
    asked = ask(alert, dora, ben, 31.5)
    assert (asked.owner, asked.asked) == (ben, dora)

    taken = take_over(alert, dora)

    assert (taken.status, taken.owner, taken.asked, taken.asked_at) == ("acknowledged", dora, None, None)
    assert (taken.acknowledged_at, taken.owned_since) == (at(31), at(32))
    assert kinds(alert) == ["opened", "acknowledged", "asked", "taken-over"]
    assert alert.events.latest("id").detail == {"from": str(ben.uuid), "name": "Ben Okafor"}


def test_the_one_who_was_asked_takes_it_on_and_so_may_anybody_else(
    alert: Alert, ben: User, dora: User
) -> None:
    ask(alert, dora, ben)
    nora = factories.member(alert.team, "Nora Lindqvist")

    taken = take_on(alert, nora, 31.5)

    assert (taken.owner, taken.asked) == (nora, None)


def test_asking_twice_is_asking_once_and_asking_another_takes_it_back(
    alert: Alert, ben: User, dora: User
) -> None:
    nora = factories.member(alert.team, "Nora Lindqvist")
    ask(alert, dora, ben)
    ask(alert, dora, ben, 31.1)
    assert kinds(alert) == ["opened", "asked"]

    assert ask(alert, nora, ben, 31.2).asked == nora
    assert ask(alert, dora, ben, 31.3).asked == dora
    assert kinds(alert) == ["opened", "asked", "asked", "asked"]


def test_an_ended_alert_asks_nobody_any_more(alert: Alert, ben: User, dora: User) -> None:
    ask(alert, dora, ben)

    assert close(alert, ben, 32).asked is None
    with pytest.raises(NotAllowed, match="Ben Okafor closed this"):
        ask(alert, dora, ben, 33)


@pytest.mark.parametrize("role", ["coordinator", "admin"])
def test_only_a_nurse_or_doctor_of_the_team_can_be_asked(alert: Alert, ben: User, role: str) -> None:
    cory = factories.member(alert.team, "Cory Bell", role)
    gone = factories.member(alert.team, "Gina Holt")
    Membership.objects.filter(user=gone).update(ended_at=at(1))
    asleep = factories.member(alert.team, "Sol Ray", is_active=False)
    cleo = factories.member(factories.team(factories.clinic("Harbour")), "Cleo Marsh")

    for nobody in (cory, gone, asleep, cleo):
        with pytest.raises(NotAllowed, match="Choose a nurse or a doctor"):
            ask(alert, nobody, ben)
        assert nobody not in alerts.colleagues(alert)
    with pytest.raises(NotAllowed, match="Choose a nurse or a doctor"):
        alerts.ask(alert_id=alert.uuid, to=uuid4(), by=ben, now=at(31))
    with pytest.raises(NotAllowed, match="need not ask yourself"):
        ask(alert, ben, ben)
    assert kinds(alert) == ["opened"]


def test_who_has_it_already_is_not_asked(alert: Alert, ben: User, dora: User) -> None:
    take_on(alert, dora)

    with pytest.raises(NotAllowed, match="Dora Klein has it already"):
        ask(alert, dora, ben)


def test_strangers_and_others_who_cannot_take_it_on_cannot_ask_or_take_over(alert: Alert, dora: User) -> None:
    take_on(alert, dora)
    cory = factories.member(alert.team, "Cory Bell", "coordinator")
    cleo = factories.member(factories.team(factories.clinic("Harbour")), "Cleo Marsh")

    for act in (lambda by: ask(alert, dora, by), lambda by: take_over(alert, by)):
        with pytest.raises(NotAllowed, match="nurse or a doctor"):
            act(cory)
        with pytest.raises(Alert.DoesNotExist):
            act(cleo)


# --- who was asked is told -----------------------------------------------------------------------------------------


def test_the_colleague_alone_is_told_and_repeats_are_not_put_off(alert: Alert, ben: User, dora: User) -> None:
    told_at = Alert.objects.get().told_at
    nora = factories.member(alert.team, "Nora Lindqvist")
    ask(alert, dora, ben, 31)
    ask(alert, nora, ben, 31.5)

    asked = Notification.objects.filter(step__startswith="asked").order_by("pk")
    assert [(row.step, row.recipient) for row in asked] == [("asked-1", dora), ("asked-2", nora)]
    assert Alert.objects.get().told_at == told_at


def test_below_same_day_it_stands_on_the_board_and_in_no_mail(
    ana: DeviceToken, ben: User, dora: User
) -> None:
    report(ana, 30, cough="new")

    assert ask(Alert.objects.get(), dora, ben).asked == dora
    assert not Notification.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_request_that_was_taken_back_is_not_sent() -> None:
    team = factories.team()
    ben, dora, nora = (
        factories.member(team, name) for name in ("Ben Okafor", "Dora Klein", "Nora Lindqvist")
    )
    report(factories.phone(factories.episode(team))[0], 30, bleeding="oozing")
    alert = Alert.objects.get()
    take_on(alert, ben)
    ask(alert, dora, ben, 31)
    ask(alert, nora, ben, 31.1)

    to_dora, to_nora = Notification.objects.filter(step__startswith="asked").order_by("pk")
    dropped, sent = claim(to_dora.pk), claim(to_nora.pk)

    assert dropped is not None
    assert dropped.intents == []
    assert sent is not None
    assert [intent.to for intent in sent.intents] == [nora.email]


# --- taken over ----------------------------------------------------------------------------------------------------


def test_a_colleagues_alert_is_taken_over_without_being_asked(alert: Alert, ben: User, dora: User) -> None:
    take_on(alert, ben)

    assert take_over(alert, dora).owner == dora
    assert take_over(alert, dora, 33).owner == dora, "pressed twice"
    assert kinds(alert) == ["opened", "acknowledged", "taken-over"]


def test_what_nobody_has_is_taken_on_and_not_over(alert: Alert, dora: User) -> None:
    with pytest.raises(NotAllowed, match="Nobody has this yet"):
        take_over(alert, dora)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_take_over_at_once_one_wins_and_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = factories.team()
    report(factories.phone(factories.episode(team))[0], 30, bleeding="oozing")
    alert = Alert.objects.get()
    take_on(alert, factories.member(team, "Ben Okafor"))
    colleagues = [factories.member(team, f"Nurse{number} Lee") for number in range(20)]
    as_all_read_it = Alert.objects.select_related("owner").get()
    monkeypatch.setattr("recovery.alerts.hands.reach", lambda *_: as_all_read_it)

    def over(by: User) -> str:
        try:
            take_over(alert, by)
            return ""
        except NotAllowed as refused:
            return refused.message
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(over, colleagues))

    winner = Alert.objects.select_related("owner").get().owner
    assert winner is not None
    assert answers.count("") == 1
    assert all(f"{winner.name} took this over at 18:00" in answer for answer in answers if answer)
    assert AlertEvent.objects.filter(kind="taken-over").count() == 1
