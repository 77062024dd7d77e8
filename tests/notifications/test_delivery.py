"""The life of a message: sent, tried again, given up, no longer needed. Against a real SMTP server."""

import re
import time
from datetime import timedelta

import pytest

from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Attempt, Membership, Notification, User
from recovery.notifications import delivery
from recovery.notifications.outcomes import back_off
from tests.notifications import scenes
from tests.notifications.postbox import Postbox
from tests.notifications.scenes import statuses
from tests.notifications.test_message import TELLING
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db


def deliver(notification_id: int) -> bool:
    return delivery.deliver(notification_id=notification_id, road="celery", now=scenes.NOW)


def deliver_due(limit: int = 10) -> int:
    return delivery.deliver_due(limit=limit, road="watch", now=scenes.NOW)


def test_a_planned_message_reaches_the_mailbox_and_the_alert_says_so(mailbox: Postbox):
    alert = scenes.red_flag()
    (lead,) = scenes.planned(alert, road="celery")

    assert deliver(lead)
    ben = User.objects.get()
    assert mailbox.recipients == [ben.email]
    sent = Notification.objects.get()
    assert (sent.status, sent.sent_by, sent.sent_at) == ("sent", "celery", scenes.NOW)
    assert sent.provider_id == "2.0.0 kept as 1"
    assert mailbox.message_ids == [f"<{sent.message_key}@localhost>"]
    event = AlertEvent.objects.get(kind="told")
    assert (event.alert, event.detail["to"]) == (alert, str(ben.uuid))
    alert.refresh_from_db()
    assert alert.told_at == scenes.NOW
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.number) == ("sent", 1)
    assert attempt.ended_at is not None


def test_nothing_telling_stands_in_the_mail_as_it_leaves(mailbox: Postbox, settings):
    settings.BASE_URL = "https://app.example.org"
    deliver(*scenes.planned(scenes.red_flag()))

    without_own_address = re.sub(r"(?m)^To: .*$", "", mailbox.mails[0].message.as_string())
    assert TELLING.findall(without_own_address) == []


def test_several_findings_of_one_check_in_leave_as_one_mail(mailbox: Postbox):
    first = scenes.red_flag(tier=Tier.SAME_DAY)
    second = scenes.alert(first.latest_assessment, "BLEED-OOZE")
    (lead,) = scenes.planned(first, second)

    assert deliver(lead)
    text = mailbox.mails[0].text
    assert text.index(str(second.uuid)) < text.index(str(first.uuid))
    assert statuses() == ["sent", "sent"]
    assert set(AlertEvent.objects.filter(kind="told").values_list("alert", flat=True)) == {
        first.pk,
        second.pk,
    }


def test_a_sent_message_is_not_sent_again(mailbox: Postbox):
    (lead,) = scenes.planned(scenes.red_flag())

    assert deliver(lead)
    assert not deliver(lead)
    assert deliver_due() == 0
    assert len(mailbox.mails) == 1


@pytest.mark.hazard("HZ3.2")
def test_the_most_urgent_leaves_first_over_one_connection(mailbox: Postbox):
    today = scenes.red_flag(tier=Tier.SAME_DAY)
    now = scenes.red_flag()
    scenes.planned(today)
    scenes.planned(now)

    assert deliver_due() == 2
    assert [subject.split()[0] for subject in mailbox.subjects] == ["Urgent", "Item"]
    assert mailbox.connections == 1


def test_a_turn_is_bounded_and_ends_when_told_to(mailbox: Postbox):
    scenes.planned(scenes.red_flag(("Ben Okafor", "Dee Marsh", "Eve Lund")))

    assert deliver_due(limit=1) == 1
    assert delivery.deliver_due(limit=10, road="watch", now=scenes.NOW, stop=lambda: True) == 0
    assert deliver_due() == 2


@pytest.mark.hazard("HZ2.2")
def test_a_refusal_for_now_is_tried_again_later_under_the_same_key(mailbox: Postbox):
    (lead,) = scenes.planned(scenes.red_flag())
    mailbox.refuse[None] = "450 4.2.1 mailbox busy"

    assert not deliver(lead)
    waiting = Notification.objects.get()
    assert (waiting.status, waiting.last_error, waiting.attempts) == ("waiting", "smtp-450", 1)
    assert deliver_due() == 0, "the back-off was not kept"
    mailbox.refuse.clear()
    scenes.make_due()
    assert deliver_due() == 1
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == ["temporary", "sent"]
    assert mailbox.message_ids == [f"<{waiting.message_key}@localhost>"]


def test_one_refused_recipient_does_not_hold_up_the_others(mailbox: Postbox):
    scenes.planned(scenes.red_flag(("Ben Okafor", "Dee Marsh", "Eve Lund")))
    emails = list(User.objects.order_by("pk").values_list("email", flat=True))
    mailbox.refuse = {emails[0]: "450 later", emails[1]: "550 5.1.1 no such user"}

    assert deliver_due() == 3
    assert mailbox.recipients == emails[2:]
    assert statuses() == ["waiting", "failed", "sent"]


def test_a_refusal_for_good_stays_visible_and_is_not_tried_again(mailbox: Postbox):
    alert = scenes.red_flag()
    (lead,) = scenes.planned(alert)
    mailbox.refuse[None] = "550 5.1.1 no such user"

    assert not deliver(lead)
    failed = Notification.objects.get()
    assert (failed.status, failed.last_error) == ("failed", "smtp-550")
    assert Attempt.objects.get().outcome == "permanent"
    (event,) = AlertEvent.objects.all()
    assert (event.kind, event.tier, event.detail["error"]) == ("untold", alert.tier, "smtp-550")
    assert event.detail["to"] == str(failed.recipient.uuid)
    mailbox.refuse.clear()
    scenes.make_due()
    assert deliver_due() == 0


def test_a_provider_that_is_down_ends_the_turn_and_keeps_the_rest(settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    scenes.planned(scenes.red_flag(("Ben Okafor", "Dee Marsh")))

    assert deliver_due() == 1
    tried = Notification.objects.order_by("-attempts", "pk")
    assert [(n.status, n.attempts, n.last_error) for n in tried] == [
        ("waiting", 1, "ConnectionRefusedError"),
        ("waiting", 0, ""),
    ]


def test_an_unexpected_error_is_tried_again_and_named_by_class_alone(mailbox: Postbox, settings, caplog):
    del settings.BASE_URL
    scenes.planned(scenes.red_flag())

    assert deliver_due() == 1
    assert Notification.objects.get().last_error == "AttributeError"
    assert Notification.objects.get().status == "waiting"
    assert "BASE_URL" not in caplog.text


def test_back_off_doubles_to_a_minute_and_outlasts_a_recovery():
    assert [back_off(n).total_seconds() for n in (1, 2, 3, 4, 5, 60)] == [5, 10, 20, 40, 60, 60]
    assert back_off(61) == timedelta(minutes=5)
    assert sum((back_off(n) for n in range(1, 32_767)), timedelta()) > timedelta(weeks=12)


def test_nobody_is_told_of_an_alert_that_ended_meanwhile(mailbox: Postbox):
    alert = scenes.red_flag()
    (lead,) = scenes.planned(alert)
    scenes.end(alert, User.objects.get())

    assert not deliver(lead)
    assert statuses() == ["dropped"]
    assert not Attempt.objects.exists(), "nothing was tried"
    assert mailbox.connections == 0


@pytest.mark.django_db(transaction=True)
def test_nobody_is_told_of_an_alert_that_ended_while_the_line_was_being_opened(mailbox: Postbox):
    alert = scenes.red_flag()
    (lead,) = scenes.planned(alert)
    mailbox.silent = True
    with scenes.meanwhile(lambda: deliver(lead)) as sending:
        wait_until(lambda: mailbox.connections)
        scenes.end(alert, User.objects.get())
        time.sleep(0.5)
        mailbox.answer.set()

    assert not sending.result()
    assert statuses() == ["dropped"]
    assert mailbox.mails == []
    attempt = Attempt.objects.get()
    assert attempt.outcome == ""
    assert attempt.ended_at is not None


@pytest.mark.parametrize(
    ("step", "reached"),
    [("opened", []), ("repeat-9", ["Ben Okafor"]), ("raised-emergency", ["Ben Okafor", "Dee Marsh"])],
)
def test_who_is_still_told_once_ben_took_it_on(step: str, reached: list[str], mailbox: Postbox):
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    scenes.planned(alert, step=step)
    scenes.take_on(alert, User.objects.get(name="Ben Okafor"))
    deliver_due()

    assert mailbox.recipients == [User.objects.get(name=name).email for name in reached]
    assert set(statuses()) <= {"sent", "dropped"}


def test_who_took_it_on_as_it_is_after_it_was_raised_keeps_the_others_undisturbed(mailbox: Postbox):
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    scenes.planned(alert, step="raised-emergency")
    scenes.take_on(alert, User.objects.get(name="Ben Okafor"))
    Alert.objects.update(acknowledged_at=scenes.NOW + timedelta(seconds=1))
    deliver_due()

    assert mailbox.mails == []
    assert statuses() == ["dropped", "dropped"]


def test_a_repeat_reaches_everybody_when_its_owner_has_left(mailbox: Postbox):
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    scenes.planned(alert, step="repeat-9")
    ben, dee = User.objects.order_by("pk")
    scenes.take_on(alert, ben)
    Membership.objects.filter(user=ben).update(ended_at=scenes.NOW)
    deliver_due()

    assert mailbox.recipients == [dee.email]


def test_of_several_findings_only_those_still_open_are_sent(mailbox: Postbox):
    first = scenes.red_flag()
    second = scenes.alert(first.latest_assessment, "BLEED-OOZE", Tier.SAME_DAY)
    (lead,) = scenes.planned(first, second)
    scenes.end(first, User.objects.get())

    assert deliver(lead)
    assert str(first.uuid) not in mailbox.mails[0].text
    assert mailbox.subjects[0].startswith("Item for today")
    assert statuses() == ["dropped", "sent"]


def test_what_failed_is_dropped_once_the_alert_has_ended(mailbox: Postbox):
    alert = scenes.red_flag()
    (lead,) = scenes.planned(alert)
    mailbox.refuse[None] = "450 later"
    deliver(lead)
    scenes.end(alert, User.objects.get())
    scenes.make_due()
    deliver_due()

    assert statuses() == ["dropped"]
