"""The Celery door does one thing per task, and what goes wrong stays owed."""

import pytest

from recovery import checkins, tasks
from recovery.models import Alert, Assessment, Notification
from recovery.notifications.database_clock import DatabaseClock
from tests import factories
from tests.notifications import scenes
from tests.notifications.postbox import Postbox

pytestmark = pytest.mark.django_db


def reported(**answers: str) -> Assessment:
    team, _, _ = scenes.care_team()
    device, _ = factories.phone(factories.episode(team))
    return checkins.submit(
        device=device, submission=factories.submission(20, **answers), now=factories.at(20)
    ).assessment


def test_a_red_flag_opens_its_alert_and_the_team_is_told(mailbox: Postbox):
    assessment = reported(bladder="new_or_worse")

    assert tasks.flag_red_flags(assessment.pk) is None
    assessment.refresh_from_db()
    assert assessment.flagged_by == "celery"
    assert Alert.objects.filter(rule="BLADDER", status="open").count() == 1
    assert list(Notification.objects.values_list("sent_by", "attempts")) == [("celery", 1)] * 2
    assert len(mailbox.mails) == 2


def test_what_is_planned_by_celery_is_left_to_it_for_a_while():
    """The nudge need not wait, and the watch leaves it the time."""
    scenes.planned(scenes.red_flag(), road="celery")

    assert Notification.objects.filter(next_attempt_at__gt=DatabaseClock()).exists()


def test_whoever_is_nudged_takes_what_else_is_fresh(mailbox: Postbox):
    first, *others = [reported(bladder="new_or_worse") for _ in range(5)]
    tasks.flag_red_flags(first.pk)

    for assessment in others:
        assessment.refresh_from_db()
        assert assessment.flagged_by == "celery"
    assert len(mailbox.mails) == 10
    tasks.flag_red_flags(others[0].pk)
    assert len(mailbox.mails) == 10


def test_a_message_is_sent_on_the_celery_road(mailbox: Postbox):
    leads = scenes.planned(scenes.red_flag(), road="celery")

    assert tasks.deliver(leads[0]) is None
    assert Notification.objects.get().sent_by == "celery"


def test_arguments_of_a_later_version_do_no_harm(mailbox: Postbox):
    leads = scenes.planned(scenes.red_flag())
    tasks.deliver(leads[0], attempt_of="a version to come")

    assert len(mailbox.mails) == 1


def test_ids_that_no_longer_exist_are_nothing():
    assert tasks.flag_red_flags(987_654_321) is None
    assert tasks.deliver(987_654_321) is None


@pytest.mark.parametrize("task", [tasks.flag_red_flags, tasks.deliver])
def test_a_failure_is_said_by_class_alone_and_left_to_the_watch(task, caplog):
    task("nine")

    assert "nine is left to the watch:" in caplog.text
    assert "number" not in caplog.text, "the text of the error was logged"
