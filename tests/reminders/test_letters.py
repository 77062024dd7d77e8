"""A reminder by mail, from the watch's turn to a real mail server: what it says, and what stops it on the way."""

from dataclasses import replace
from datetime import time

import pytest

from recovery import alerts, checkins, episodes, reminders, watch
from recovery.models import Alert, Assessment, DeviceToken, Episode, Letter, Reminder
from recovery.reminders import Chosen
from tests import factories
from tests.factories import at, submission
from tests.hold.settled import as_next_request
from tests.notifications.postbox import Postbox

pytestmark = pytest.mark.django_db

BY_MAIL = Chosen(channel="email", address="ana@example.org", repeats=1)


@pytest.fixture
def episode(db: None) -> Episode:
    return factories.episode(reminders=BY_MAIL)


@pytest.fixture
def ana(episode: Episode) -> DeviceToken:
    return factories.phone(episode)[0]


def status() -> list[str]:
    return list(Letter.objects.filter(kind="reminder").order_by("due_at").values_list("status", flat=True))


def at_once() -> None:
    """The back-off is over."""
    Letter.objects.update(next_attempt_at=at(0))


def test_it_is_sent_at_the_time_picked_and_says_nothing_of_health(episode: Episode, mailbox: Postbox) -> None:
    watch.cycle(at(23.99))
    assert mailbox.mails == []

    watch.cycle(at(24))

    (mail,) = mailbox.mails
    assert mail.recipients == ("ana@example.org",)
    text = f"{mail.subject} {mail.message.get_payload()}".lower()
    assert "/phone" in text
    assert not [
        word for word in ("ana w", "pain", "spine", "procedure", "vertebro", "clinic") if word in text
    ]
    assert status() == ["sent"]


def test_the_check_in_stops_one_that_a_provider_held_up(
    episode: Episode, ana: DeviceToken, mailbox: Postbox
) -> None:
    mailbox.refuse[None] = "451 later"
    watch.cycle(at(24))
    assert (mailbox.mails, status()) == ([], ["waiting"])

    checkins.submit(device=as_next_request(ana), submission=submission(24.2), now=at(24.2))
    mailbox.refuse.clear()
    at_once()
    watch.cycle(at(24.3))

    assert (mailbox.mails, status()) == ([], ["dropped"])


def test_a_half_finished_one_does_not(episode: Episode, ana: DeviceToken, mailbox: Postbox) -> None:
    mailbox.refuse[None] = "451 later"
    watch.cycle(at(24))
    begun = submission(24.2, completed=False)
    checkins.submit(device=as_next_request(ana), submission=begun, now=at(24.2))
    mailbox.refuse.clear()
    at_once()
    watch.cycle(at(24.3))

    assert (len(mailbox.mails), status()) == (1, ["sent"])


def test_nor_does_one_leave_that_was_held_up_until_the_patient_is_in_hospital(
    episode: Episode, mailbox: Postbox
) -> None:
    ben = factories.member(episode.team)
    mailbox.refuse[None] = "451 later"
    watch.cycle(at(24))
    episodes.pause(episode_id=episode.uuid, reason="In hospital.", by=ben, now=at(24.1))
    mailbox.refuse.clear()
    at_once()
    watch.cycle(at(24.3))

    assert (mailbox.mails, status()) == ([], ["dropped"])


def test_what_was_held_up_until_the_quiet_hours_is_dropped(episode: Episode, mailbox: Postbox) -> None:
    mailbox.refuse[None] = "451 later"
    watch.cycle(at(28))
    mailbox.refuse.clear()
    at_once()
    watch.cycle(at(35))  # nine in the evening

    assert mailbox.mails == []
    assert set(status()) == {"dropped"}


NEW_ADDRESS = replace(BY_MAIL, address="ana@new.example")


@pytest.mark.parametrize("chosen", [NEW_ADDRESS, Chosen(channel="app"), Chosen(channel="none")])
def test_what_was_held_up_does_not_leave_for_where_the_patient_wants_none_any_more(
    episode: Episode, ana: DeviceToken, mailbox: Postbox, chosen: Chosen
) -> None:
    mailbox.refuse[None] = "451 later"
    watch.cycle(at(24))
    reminders.choose(device=ana, chosen=chosen, now=at(24.1))
    mailbox.refuse.clear()
    at_once()
    watch.cycle(at(24.2))
    assert (mailbox.mails, status()) == ([], ["dropped"])

    watch.cycle(at(28))
    assert [mail.recipients for mail in mailbox.mails] == (
        [("ana@new.example",)] if chosen.channel == "email" else []
    )


def test_another_time_of_day_leaves_what_waits_as_it_is(
    episode: Episode, ana: DeviceToken, mailbox: Postbox
) -> None:
    mailbox.refuse[None] = "451 later"
    watch.cycle(at(24))
    before = Letter.objects.values().get()
    reminders.choose(device=ana, chosen=replace(BY_MAIL, remind_at=time(9)), now=at(24.1))

    assert Letter.objects.values().get() == before


def test_f39_ten_days_of_outage_are_one_mail(episode: Episode, mailbox: Postbox) -> None:
    while +watch.cycle(at(243)):
        pass

    assert len(mailbox.mails) == 1
    assert Reminder.objects.count() == 1


def test_a_letter_that_waits_is_followed_by_no_more_than_what_is_due(
    episode: Episode, mailbox: Postbox
) -> None:
    reminders.send_due(limit=10, now=at(24))
    while +watch.cycle(at(28)):
        pass

    assert [row.due_at for row in Reminder.objects.order_by("due_at")] == [at(24), at(28)]
    assert len(mailbox.mails) == 2


def closed(episode: Episode, ana: DeviceToken, hours: float, **words: str) -> Alert:
    ben = factories.member(episode.team)
    said = submission(hours, bleeding="oozing")
    checkins.submit(device=as_next_request(ana), submission=said, now=at(hours))
    alerts.flag(assessment_id=Assessment.objects.latest("pk").pk, by="watch", now=at(hours))
    told = {"outcome": "no-problem-found", "contacted": True, "note": "Seen."} | words
    return alerts.close(alert_id=Alert.objects.get().uuid, by=ben, now=at(hours + 1), **told)


def test_that_a_clinician_has_written_is_told_where_the_patient_is_reminded(
    episode: Episode, ana: DeviceToken, mailbox: Postbox
) -> None:
    closed(episode, ana, 24, tell="expected")
    watch.cycle(at(25.1))

    (mail,) = [mail for mail in mailbox.mails if mail.recipients == ("ana@example.org",)]
    assert "Your care team has written to you." in mail.message.get_payload()
    assert "expected" not in mail.message.get_payload()


def test_not_at_night(episode: Episode, ana: DeviceToken, mailbox: Postbox) -> None:
    closed(episode, ana, 36, tell="expected")  # eleven in the evening when it is closed

    assert Letter.objects.get(kind="news").due_at == at(46)


def test_it_is_told_too_where_it_is_judged_expected_after_it_was_closed(
    episode: Episode, ana: DeviceToken
) -> None:
    alert = closed(episode, ana, 24)
    alerts.call_noise(alert_id=alert.uuid, by=alert.ended_by, noise="expected", now=at(26))

    assert Letter.objects.get(kind="news").due_at == at(26)


def test_what_waits_for_the_morning_goes_to_the_address_of_by_then(
    episode: Episode, ana: DeviceToken, mailbox: Postbox
) -> None:
    alert = closed(episode, ana, 36, tell="expected")
    ben = alert.ended_by
    assert ben is not None
    for n, address in enumerate(("ana@typo.example", "ana@new.example")):
        moved = replace(BY_MAIL, address=address)
        reminders.choose_for(episode_id=episode.uuid, chosen=moved, by=ben, now=at(37.5 + n))
    watch.cycle(at(46.1))

    (mail,) = [mail for mail in mailbox.mails if "written to you" in mail.message.get_payload()]
    assert mail.recipients == ("ana@new.example",)


def test_where_nothing_was_written_nobody_is_told_of_it(episode: Episode, ana: DeviceToken) -> None:
    closed(episode, ana, 24)

    assert not Letter.objects.filter(kind="news").exists()
