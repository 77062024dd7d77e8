"""What the provider of text messages posts to us: signed, late, twice, in any order, or by somebody else (F34, S54)."""

import random
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.db.models import F
from django.test import Client

from recovery import contacts
from recovery.models import Alert, AlertEvent, Clinic, Letter, Notification, User
from recovery.notifications import claims, delivery, letters
from recovery.notifications.channels import sms
from recovery.notifications.database_clock import after
from recovery.notifications.receipts import HEARD_FOR
from tests.notifications import scenes
from tests.provider import Fate, Provider, Twilio

pytestmark = pytest.mark.django_db

NUMBER = "+447700900123"


def told_by_text(person: User, number: str = NUMBER) -> None:
    clinic = Clinic.objects.get(teams__memberships__user=person)
    contact = contacts.add_sms(user=person, clinic=clinic, number=number, now=scenes.NOW)
    contacts.verify(contact=contact, now=scenes.NOW)


def red_flag_by_text() -> Notification:
    """Ben was told of it by a text message, which the provider took."""
    alert = scenes.red_flag()
    told_by_text(User.objects.get())
    scenes.planned(alert)
    delivery.deliver_due(limit=5, road="watch", now=scenes.NOW)
    return Notification.objects.get()


def fields(said: str, **others: str) -> dict[str, str]:
    return {
        "MessageSid": "SM1",
        "SmsSid": "SM1",
        "MessageStatus": said,
        "To": NUMBER,
        "AccountSid": "AC1",
    } | others


def post(key: UUID, said: dict[str, str], *, token: str = Twilio.TOKEN, signature: str | None = None) -> int:
    signed = sms.signature(sms.callback(str(key)), said, token) if signature is None else signature
    answer = Client().post(
        f"/provider/sms/{key}",
        urlencode(said),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signed},
    )
    assert answer.content == b"", "nothing is told"
    return answer.status_code


def states() -> list[tuple[str, bool, int]]:
    rows = Notification.objects.order_by("pk").values_list("status", "delivered_at", "provider_rank")
    return [(status, delivered is not None, rank) for status, delivered, rank in rows]


def test_sent_and_delivered_are_kept_apart(both: Provider):
    told = red_flag_by_text()
    assert (told.status, told.delivered_at, told.provider_id[:2]) == ("sent", None, "SM")

    assert post(told.message_key, fields("sent")) == 204
    assert states() == [("sent", False, 2)]
    assert post(told.message_key, fields("delivered")) == 204
    assert states() == [("sent", True, 3)]


def test_what_never_arrived_goes_by_the_mail_they_sign_in_with_and_the_history_says_so(both: Provider):
    told = red_flag_by_text()
    post(told.message_key, fields("undelivered", ErrorCode="30003"))

    told.refresh_from_db()
    assert (told.status, told.last_error, told.sent_at) == ("failed", "sms-30003", None)
    assert AlertEvent.objects.get(kind="untold").detail["error"] == "sms-30003"
    delivery.deliver_due(limit=5, road="watch", now=scenes.NOW)
    assert both.mail.recipients == [User.objects.get().email]


@pytest.mark.parametrize("signature", ["", "bm90IG91cnM=", "ünsigned", "x" * 5_000])
def test_s54_what_is_not_signed_changes_nothing(both: Provider, signature: str):
    told = red_flag_by_text()

    answer = Client().post(
        f"/provider/sms/{told.message_key}",
        urlencode(fields("failed")),
        content_type="application/x-www-form-urlencoded",
        HTTP_X_TWILIO_SIGNATURE=signature,
    )
    assert answer.status_code == 401
    assert states() == [("sent", False, 0)]


def test_s54_a_signature_of_another_message_body_or_account_changes_nothing(both: Provider):
    told, said = red_flag_by_text(), fields("failed")
    of_another = sms.signature(sms.callback(str(uuid4())), said, Twilio.TOKEN)
    of_other_words = sms.signature(sms.callback(str(told.message_key)), fields("sent"), Twilio.TOKEN)

    assert post(told.message_key, said, signature=of_another) == 401
    assert post(told.message_key, said, signature=of_other_words) == 401
    assert post(told.message_key, said, token="another token") == 401
    assert states() == [("sent", False, 0)]


def test_s54_ten_times_the_same_is_one_change(both: Provider):
    told = red_flag_by_text()

    for _ in range(10):
        assert post(told.message_key, fields("undelivered", ErrorCode="30003")) == 204
    assert AlertEvent.objects.filter(kind="untold").count() == 1
    assert Notification.objects.count() == 2


def test_s54_one_of_an_unknown_message_is_answered_like_any_other(both: Provider):
    told = red_flag_by_text()

    assert post(uuid4(), fields("delivered")) == post(told.message_key, fields("no such word")) == 204
    assert states() == [("sent", False, 0)]


def test_s54_one_that_comes_days_late_changes_nothing(both: Provider):
    told = red_flag_by_text()
    Notification.objects.update(next_attempt_at=after(-HEARD_FOR))

    assert post(told.message_key, fields("undelivered")) == 204
    assert states() == [("sent", False, 0)]


@pytest.mark.parametrize(
    "body",
    ["MessageStatus", "a=1&a=2", "&".join(f"f{n}=1" for n in range(200)), "x=%ff", "x=" + "y" * 20_000],
)
def test_what_cannot_be_read_is_refused(both: Provider, body: str):
    signed = sms.signature(sms.callback(str(key := uuid4())), {}, Twilio.TOKEN)
    answer = Client().post(
        f"/provider/sms/{key}",
        body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signed},
    )

    assert answer.status_code == 401


def test_without_an_account_nobody_can_sign(both: Provider, settings):
    told = red_flag_by_text()
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = ""

    assert post(told.message_key, fields("failed"), token="") == 401


def test_a_receipt_that_overtakes_the_answer_to_the_attempt_says_that_it_left(both: Provider):
    alert = scenes.red_flag()
    told_by_text(User.objects.get())
    scenes.planned(alert)
    held = claims.claim_next()
    assert held is not None
    post(held.intents[0].key, fields("delivered"))

    told = Notification.objects.get()
    assert (told.status, told.sent_by, told.provider_id) == ("sent", "receipt", "SM1")
    assert AlertEvent.objects.get(kind="told").detail["channel"] == "sms"
    scenes.make_due()
    assert delivery.deliver_due(limit=5, road="watch", now=scenes.NOW) == 0


def test_an_attempt_of_which_nobody_knows_is_settled_by_its_receipt(both: Provider):
    """The line was cut after the provider took it: without the receipt it would go once more."""
    both.sms.answers[None] = Fate.CUT
    told = red_flag_by_text()
    assert told.status == "waiting"
    post(told.message_key, fields("sent"))

    scenes.make_due()
    delivery.deliver_due(limit=5, road="watch", now=scenes.NOW)
    assert len(both.sms.requests) == 1
    assert states() == [("sent", False, 2)]


@pytest.mark.parametrize("seed", range(3))
def test_the_end_does_not_depend_on_the_order(both: Provider, seed: int):
    told = red_flag_by_text()
    said = ["queued", "sending", "sent", "delivered", "undelivered"] * 4
    random.Random(seed).shuffle(said)
    for word in said:
        post(told.message_key, fields(word))

    assert states()[0] == ("failed", False, 4)
    assert Notification.objects.filter(contact=None).count() == 1


def test_a_letter_is_delivered_and_undelivered_too(both: Provider):
    ben = User.objects.get(memberships__team=scenes.red_flag().team)
    told_by_text(ben)
    contact = ben.contacts.get()
    for key, said, ends in (("1", "delivered", "delivered"), ("2", "undelivered", "failed")):
        letter = letters.plan(
            "contact.test",
            key=key,
            clinic=contact.clinic,
            to=letters.To.at(contact),
            due_at=scenes.NOW,
            code="K7QM",
        )
        assert letter is not None
        assert letters.deliver_due(limit=5, now=scenes.NOW) == 1
        post(letter.uuid, fields("sent"))
        post(letter.uuid, fields(said))
        post(letter.uuid, fields("sent"))
        letter.refresh_from_db()
        assert letter.status == ends


def test_what_was_taken_on_meanwhile_needs_no_mail(both: Provider):
    told = red_flag_by_text()
    scenes.take_on(alert := Alert.objects.get(), User.objects.get())
    Alert.objects.filter(pk=alert.pk).update(acknowledged_at=F("opened_at"))
    post(told.message_key, fields("undelivered"))
    delivery.deliver_due(limit=5, road="watch", now=scenes.NOW)

    assert both.mail.recipients == []
    assert Letter.objects.count() == 0
