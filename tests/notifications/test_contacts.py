"""Who is told where: at all their contacts, or where they have none, by the e-mail that they sign in with."""

from typing import Any

import pytest
from django.db.models.functions import Now

from recovery import contacts
from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Contact, Notification, User
from recovery.notifications import claims, delivery, outcomes
from tests import factories
from tests.notifications import scenes
from tests.notifications.scenes import statuses, told_at, told_by_mail
from tests.provider import Answer, Provider

pytestmark = pytest.mark.django_db

NOW = scenes.NOW


def deliver_due(**options: Any) -> int:
    return delivery.deliver_due(limit=20, road="watch", now=NOW, **options)


def planned_for(alert: Alert) -> set[tuple[str, str]]:
    """Who is to be told, and where."""
    scenes.planned(alert)
    rows = Notification.objects.select_related("recipient", "contact")
    return {(row.recipient.name, row.contact.address if row.contact else row.channel) for row in rows}


def test_who_has_contacts_is_told_at_each_of_them_and_the_others_by_the_mail_they_sign_in_with(settings):
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    ben = User.objects.get(name="Ben Okafor")
    told_at(ben, "https://hooks.example.org/ben")
    told_by_mail(ben, "ben@home.example")

    assert planned_for(alert) == {
        ("Ben Okafor", "https://hooks.example.org/ben"),
        ("Ben Okafor", "ben@home.example"),
        ("Dee Marsh", "email"),
    }
    assert Notification.objects.values("message_key").distinct().count() == 3
    assert set(Notification.objects.values_list("line", flat=True)) == {
        "email",
        "webhook hooks.example.org:443",
    }


@pytest.mark.parametrize("change", [{"verified_at": None}, {"ended_at": NOW}])
def test_a_contact_that_is_not_verified_or_has_ended_is_not_used(change: dict[str, Any]):
    alert = scenes.red_flag()
    told_by_mail(User.objects.get(), "ben@home.example")
    Contact.objects.update(**change)

    assert planned_for(alert) == {("Ben Okafor", "email")}


def test_a_contact_for_one_clinic_is_not_used_for_another():
    alert = scenes.red_flag()
    ben = User.objects.get()
    factories.team(other := factories.clinic("Harbour Clinic")).memberships.create(user=ben, role="nurse")
    contact = contacts.add_email(user=ben, clinic=other, address="ben@harbour.example", now=NOW)
    contacts.verify(contact=contact, now=NOW)

    assert planned_for(alert) == {("Ben Okafor", "email")}


def test_each_step_is_told_once_at_each_contact():
    alert = scenes.red_flag()
    told_by_mail(User.objects.get(), "ben@home.example")
    scenes.planned(alert)

    assert scenes.planned(alert) == []
    told_by_mail(User.objects.get(), "ben@work.example")
    assert len(scenes.planned(alert)) == 1
    assert Notification.objects.count() == 2


def test_a_message_reaches_mailbox_and_webhook_and_the_history_says_both(both: Provider):
    alert = scenes.red_flag()
    ben = User.objects.get()
    told_at(ben, both.web.url("/ben"))
    told_by_mail(ben, "ben@home.example")
    scenes.planned(alert)

    assert deliver_due() == 2
    assert both.mail.recipients == ["ben@home.example"]
    assert [request.to for request in both.web.requests] == ["/ben"]
    assert set(both.arrived.values()) == {1}
    events = AlertEvent.objects.filter(kind="told")
    assert {event.detail["channel"] for event in events} == {"email", "webhook"}
    assert Notification.objects.get(channel="webhook").provider_id == "http-204"


def test_a_refusal_for_good_on_one_channel_leaves_the_other_unharmed_and_is_shown(both: Provider):
    alert = scenes.red_flag()
    ben = User.objects.get()
    told_at(ben, both.web.url("/gone"))
    told_by_mail(ben, "ben@home.example")
    both.web.answers["/gone"] = Answer(410)
    scenes.planned(alert)
    deliver_due()

    assert dict(Notification.objects.values_list("channel", "status")) == {
        "webhook": "failed",
        "email": "sent",
    }
    assert Notification.objects.get(channel="webhook").last_error == "http-410"
    (untold,) = AlertEvent.objects.filter(kind="untold")
    assert (untold.alert, untold.detail["channel"]) == (alert, "webhook")
    scenes.make_due()
    assert deliver_due() == 0


def test_a_receiver_that_asks_us_to_wait_is_left_alone_so_long(both: Provider):
    told_at(_ben_of(scenes.red_flag()), both.web.url())
    both.web.answers["/"] = Answer(429, {"Retry-After": "200"})
    scenes.planned(Alert.objects.get())
    deliver_due()

    waiting = Notification.objects.annotate(now=Now()).get()
    assert (waiting.status, waiting.last_error) == ("waiting", "http-429")
    assert (waiting.next_attempt_at - waiting.now).total_seconds() > 100


def test_a_webhook_whose_secret_cannot_be_read_any_more_is_shown_as_not_told(both: Provider, settings):
    told_at(_ben_of(scenes.red_flag()), both.web.url())
    settings.SECRET_KEY = "another key"
    scenes.planned(Alert.objects.get())
    deliver_due()

    assert Notification.objects.get(channel="webhook").last_error == "secret-lost"
    assert statuses() == ["failed", "sent"]
    assert both.mail.recipients == [_ben_of(Alert.objects.get()).email]
    assert both.web.requests == []


def test_what_waits_for_a_contact_that_ends_goes_by_the_mail_they_sign_in_with(both: Provider):
    ben = _ben_of(scenes.red_flag())
    contact = told_at(ben, both.web.url())
    scenes.planned(Alert.objects.get())
    contacts.end(contact=contact, now=NOW)
    deliver_due()

    assert both.mail.recipients == [ben.email]
    assert both.web.requests == []


def test_what_waits_for_a_contact_that_ends_is_dropped_where_the_person_is_told_elsewhere(both: Provider):
    ben = _ben_of(scenes.red_flag())
    contact = told_at(ben, both.web.url())
    told_by_mail(ben, "ben@home.example")
    scenes.planned(Alert.objects.get())
    contacts.end(contact=contact, now=NOW)
    deliver_due()

    assert both.mail.recipients == ["ben@home.example"]
    assert sorted(statuses()) == ["dropped", "sent"]


def test_what_is_on_its_way_to_a_contact_that_ends_goes_by_the_mail_they_sign_in_with(both: Provider):
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    ben, dee = User.objects.order_by("name")
    contact = told_at(ben, both.web.url())
    scenes.planned(alert)
    deliver_due(only="email")
    held = claims.claim_next()
    assert held is not None
    contacts.end(contact=contact, now=NOW)
    outcomes.failed_for_now(held, code="TimeoutError")
    scenes.make_due()
    for _ in range(3):
        deliver_due()

    assert both.mail.recipients == [dee.email, ben.email]
    assert both.web.requests == []
    assert sorted(statuses()) == ["dropped", "sent", "sent"]


def test_who_looks_again_sends_nothing_to_a_contact_that_has_ended(both: Provider):
    ben = _ben_of(scenes.red_flag())
    contact = told_at(ben, both.web.url())
    scenes.planned(Alert.objects.get())
    held = claims.claim_next()
    assert held is not None
    contacts.end(contact=contact, now=NOW)
    held.look_again()
    assert held.intents == []
    deliver_due()

    assert both.mail.recipients == [ben.email]


def test_whose_contacts_have_all_ended_is_mailed_once(both: Provider):
    """Each was planned before the other one ended."""
    ben = _ben_of(scenes.red_flag())
    told_at(ben, both.web.url())
    told_by_mail(ben, "ben@home.example")
    scenes.planned(Alert.objects.get())
    Contact.objects.update(ended_at=NOW)
    deliver_due()

    assert both.mail.recipients == [ben.email]
    assert sorted(statuses()) == ["dropped", "dropped", "sent"]


def test_what_is_not_needed_any_more_does_not_go_elsewhere_either(both: Provider):
    alert = scenes.red_flag()
    ben = _ben_of(alert)
    told_at(ben, both.web.url())
    scenes.planned(alert)
    Contact.objects.update(ended_at=NOW)
    scenes.end(alert, ben)
    deliver_due()

    assert both.mail.recipients == []
    assert statuses() == ["dropped"]


def test_who_is_refused_for_good_at_every_contact_is_told_by_the_mail_they_sign_in_with(both: Provider):
    first = scenes.red_flag()
    ben = _ben_of(first)
    told_at(ben, both.web.url("/gone"))
    told_by_mail(ben, "ben@home.example")
    both.web.answers["/gone"] = Answer(410)
    both.mail.refuse["ben@home.example"] = "550 5.1.1 no such user"
    scenes.planned(first, scenes.alert(first.latest_assessment, "BLEED-OOZE", Tier.SAME_DAY))
    deliver_due()

    assert both.mail.recipients == [ben.email]
    assert sorted(statuses()) == ["failed"] * 4 + ["sent"] * 2
    assert AlertEvent.objects.filter(kind="untold").count() == 4


def _ben_of(alert: Alert) -> User:
    return User.objects.get(memberships__team=alert.team)
