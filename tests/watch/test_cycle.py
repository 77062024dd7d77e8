"""One turn of the watch, with neither Redis nor Celery."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models.functions import Now

from recovery import alerts, assessments, checkins, reminders, silence, watch
from recovery.models import Alert, Assessment, CareTeam, Notification
from recovery.notifications import plan
from recovery.notifications.database_clock import after
from services.provision import connect
from tests import factories
from tests.notifications import scenes
from tests.notifications.postbox import Postbox
from tests.services_plugin import current

RED_FLAG = {"bladder": "new_or_worse"}


def report(team: CareTeam, **answers: str) -> Assessment:
    """Ana reports; it happened long enough ago for the watch not to leave it to Celery."""
    device, _ = factories.phone(factories.episode(team))
    receipt = checkins.submit(
        device=device, submission=factories.submission(20, **answers), now=factories.at(20)
    )
    Assessment.objects.update(next_attempt_at=Now())
    return receipt.assessment


@pytest.mark.django_db
def test_a_red_flag_reaches_the_mailbox_in_one_turn(mailbox: Postbox):
    team, ben, dee = scenes.care_team()
    assessment = report(team, **RED_FLAG)
    done = watch.cycle(factories.at(20.1))

    assert sorted(mailbox.recipients) == sorted([ben.email, dee.email])
    assessment.refresh_from_db()
    assert assessment.flagged_by == "watch"
    assert set(Notification.objects.values_list("sent_by", flat=True)) == {"watch"}
    assert (done["flagged"], done["sent"]) == (1, 2)
    assert not +watch.cycle(factories.at(20.15)), "nothing is owed any more"


@pytest.mark.django_db
def test_silence_is_judged_flagged_and_told_in_one_turn(mailbox: Postbox):
    team, ben, dee = scenes.care_team()
    report(team, **RED_FLAG)
    watch.cycle(factories.at(20.1))
    told = len(mailbox.mails)
    done = watch.cycle(factories.at(24 * 7))

    assert done["silent"] == 1
    assert Alert.objects.filter(rule="MISSED-2", first_assessment__silent_slot__isnull=False).exists()
    assert Assessment.objects.filter(silent_slot__isnull=False, flagged_at=None).count() == 0
    assert set(mailbox.recipients[told:]) == {ben.email, dee.email}
    assert not Notification.objects.exclude(status="sent").exists()


@pytest.mark.django_db
def test_what_is_fresh_is_left_to_celery(mailbox: Postbox):
    team, _, _ = scenes.care_team()
    report(team, **RED_FLAG)
    silence.judge_due(limit=10, now=factories.at(20))
    reminders.send_due(limit=10, now=factories.at(20))
    Assessment.objects.update(next_attempt_at=after(plan.GRACE["celery"]))

    assert not +watch.cycle(factories.at(20.1))
    assert mailbox.mails == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("module", "step", "still"),
    [
        (alerts, "flag_owed", {"rejudged", "silent"}),
        (assessments, "rejudge_owed", {"flagged", "sent", "silent"}),
    ],
)
def test_a_step_that_raises_takes_no_turn_from_the_others(module, step, still, mailbox, monkeypatch, caplog):
    def raising(**_: object) -> int:
        raise ArithmeticError("pain 9")

    monkeypatch.setattr(module, step, raising)
    done = watch.cycle(factories.at(20))

    assert done["failed"] == 1
    assert still <= set(done)
    assert "ArithmeticError" in caplog.text
    assert "pain 9" not in caplog.text


@pytest.mark.django_db
def test_a_message_that_cannot_be_composed_does_not_hold_up_the_next(mailbox: Postbox):
    for _ in range(2):
        scenes.planned(scenes.red_flag())
    poisoned = Notification.objects.order_by("pk")[0]
    Notification.objects.filter(pk=poisoned.pk).update(channel="pigeon")

    assert watch.cycle(scenes.NOW)["sent"] == 2
    assert len(mailbox.mails) == 1
    poisoned.refresh_from_db()
    assert (poisoned.status, poisoned.last_error) == ("waiting", "KeyError")


@pytest.mark.django_db
def test_told_to_stop_it_begins_nothing():
    assert watch.cycle(factories.at(20), stop=lambda: True) == {}


@pytest.mark.django_db(transaction=True)
def test_several_copies_at_once_tell_everybody_once(mailbox: Postbox):
    for _ in range(5):
        report(scenes.care_team()[0], **RED_FLAG)
    start = threading.Barrier(4)

    def turn(_: int) -> int:
        try:
            start.wait()
            return sum(watch.cycle(factories.at(20.1))[kind] for kind in ("flagged", "failed"))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        flagged = list(pool.map(turn, range(4)))
    watch.cycle(factories.at(20.1))

    assert Alert.objects.count() == 5
    assert sum(flagged) >= 5
    assert len(mailbox.mails) == len(set(mailbox.recipients)) == 10


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_is_said_and_the_next_turn_connects_again(mailbox: Postbox):
    team, _, _ = scenes.care_team()
    report(team, **RED_FLAG)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with connect(current().admin_url) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with pytest.raises(watch.DatabaseLost):
        watch.cycle(factories.at(20.1))
    assert watch.cycle(factories.at(20.1))["flagged"] == 1
