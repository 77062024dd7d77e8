"""Letters: messages about no alert, planned once, sent when due, tried again, given up in time."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from recovery import contacts
from recovery.models import Contact, Episode, Letter, User
from recovery.notifications import letters
from recovery.notifications.channels import Permanent, numbers
from recovery.notifications.claims import But
from recovery.notifications.letters.claims import claim_next
from recovery.notifications.lines import Lines
from recovery.notifications.wording import KINDS, Wording
from tests import factories
from tests.notifications import scenes
from tests.notifications.test_message import TELLING
from tests.provider import Answer, Fate, Provider

pytestmark = pytest.mark.django_db

NOW = scenes.NOW
ANA = "+447700900123"


@pytest.fixture
def episode(db: None) -> Episode:
    return factories.episode()


@pytest.fixture
def ben(episode: Episode) -> User:
    return factories.member(episode.team, "Ben Okafor", password=None)


@pytest.fixture(autouse=True)
def _a_kind_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    wording = Wording("It is time", "It is time: {what} {link}\n", "It is time: {what} {link}", "/phone")
    monkeypatch.setitem(KINDS, "test.nudge", wording)


def to_ana(episode: Episode, **changes: Any) -> Letter | None:
    channel = changes.pop("channel", "sms")
    address = ANA if channel == "sms" else "ana@home.example"
    to = letters.To.patient(episode, channel=channel, address=address)
    given: dict[str, Any] = {
        "key": "slot 1",
        "clinic": episode.clinic,
        "to": to,
        "detail": {"what": "now"},
        "due_at": NOW,
    }
    return letters.plan("test.nudge", **given | changes)


def deliver(**options: Any) -> int:
    return letters.deliver_due(**{"limit": 10, "now": NOW} | options)


def status() -> str:
    return Letter.objects.get().status


def make_due() -> None:
    Letter.objects.update(next_attempt_at=Now())


def test_one_is_planned_once_for_each_key_of_a_clinic(episode: Episode, ben: User):
    assert to_ana(episode) is not None
    assert to_ana(episode) is None
    assert to_ana(episode, key="slot 2") is not None
    other = factories.episode(factories.team(factories.clinic("Northgate")), name="Eve Marlow")
    assert to_ana(other) is not None


def test_it_leaves_when_it_is_due_and_not_before(episode: Episode, both: Provider):
    to_ana(episode, due_at=NOW + timedelta(hours=1))

    assert deliver() == 0
    assert deliver(now=NOW + timedelta(hours=1)) == 1
    assert [text["To"] for text in both.sms.texts] == [ANA]
    assert status() == "sent"
    assert deliver(now=NOW + timedelta(hours=2)) == 0


def test_the_address_of_a_patient_is_not_stored_in_the_clear(episode: Episode, both: Provider):
    to_ana(episode)
    stored = json.dumps(list(Letter.objects.values()), default=str)

    assert ANA not in stored
    assert ANA.removeprefix("+44") not in stored
    deliver()
    assert len(both.sms.texts) == 1


def test_a_code_is_sealed_until_it_has_left_and_forgotten_then(ben: User, episode: Episode, both: Provider):
    letters.plan(
        "contact.code", key="1", clinic=episode.clinic, to=letters.To.staff(ben), due_at=NOW, code="K7QM-2XPD"
    )
    waiting = Letter.objects.get()
    assert "K7QM" not in waiting.sealed_code
    assert waiting.sealed_code
    deliver()

    assert "K7QM-2XPD" in both.mail.mails[0].message.get_content()
    assert Letter.objects.get().sealed_code == ""


def test_one_that_expired_is_dropped_though_its_line_rests(episode: Episode, both: Provider):
    to_ana(episode, expires_at=NOW + timedelta(minutes=10))
    lines = Lines()
    for _ in range(3):
        lines.went_down("sms")

    assert deliver(lines=lines) == 0
    assert deliver(lines=lines, now=NOW + timedelta(minutes=10)) == 1
    assert status() == "dropped"
    assert both.sms.requests == []


def test_one_that_is_cancelled_does_not_leave(episode: Episode, both: Provider):
    to_ana(episode)
    to_ana(episode, key="slot 2")

    assert letters.cancel("test.nudge", keys=["slot 1"]) == 1
    assert deliver() == 1
    assert letters.cancel("test.nudge", episode=episode) == 0
    with pytest.raises(ValueError, match="which letters"):
        letters.cancel("test.nudge")


def test_one_that_is_cancelled_while_somebody_opens_the_line_does_not_leave(
    episode: Episode, both: Provider, monkeypatch: pytest.MonkeyPatch
):
    to_ana(episode)
    held = claim_next(NOW, but=But())
    assert held is not None
    letters.cancel("test.nudge", episode=episode)

    assert not held.hold_on()


def test_what_fails_for_now_is_tried_again_and_what_is_refused_is_not(episode: Episode, both: Provider):
    both.sms.answers[ANA] = Answer(503)
    to_ana(episode)
    deliver()
    waiting = Letter.objects.annotate(clock=Now()).get()
    assert (waiting.status, waiting.last_error, waiting.attempts) == ("waiting", "http-503", 1)
    assert waiting.next_attempt_at > waiting.clock
    assert deliver() == 0

    both.sms.answers[ANA] = Answer(400)
    make_due()
    deliver()
    assert (status(), Letter.objects.get().last_error) == ("failed", "http-400")
    make_due()
    assert deliver() == 0


def test_who_dies_with_one_leaves_it_to_the_next_and_loses_it(episode: Episode, both: Provider):
    to_ana(episode)
    dead = claim_next(NOW, but=But())
    assert dead is not None
    assert deliver() == 0, "it is leased"
    make_due()
    assert deliver() == 1

    assert not dead.hold_on()
    assert status() == "sent"
    assert len(both.sms.texts) == 1


def test_an_uncertain_one_goes_again_under_the_same_key(episode: Episode, both: Provider):
    both.sms.answers[ANA] = Fate.CUT
    to_ana(episode)
    deliver()
    both.sms.answers.clear()
    make_due()
    deliver()

    assert status() == "sent"
    assert both.arrived == {str(Letter.objects.get().uuid): 2}


def test_a_line_that_is_down_keeps_no_other_from_its_letters(episode: Episode, both: Provider):
    both.sms.answers[None] = Answer(503)
    for n in range(5):
        to_ana(episode, key=f"text {n}")
    to_ana(episode, key="mail", channel="email")

    deliver()
    assert both.mail.recipients == ["ana@home.example"]
    assert len(both.sms.requests) == 1


def test_to_a_contact_that_ended_or_somebody_locked_out_nothing_goes(
    ben: User, episode: Episode, both: Provider
):
    contact = contacts.add_email(user=ben, clinic=episode.clinic, address="ben@home.example", now=NOW)
    to = letters.To.at(contact)
    for key in ("1", "2"):
        letters.plan("contact.test", key=key, clinic=episode.clinic, to=to, due_at=NOW, code="K7QM")
    User.objects.update(is_active=False)
    deliver(limit=1)
    User.objects.update(is_active=True)
    Contact.objects.update(ended_at=NOW)
    deliver()

    assert set(Letter.objects.values_list("status", flat=True)) == {"dropped"}
    assert both.mail.mails == []


def test_opened_is_noted_once_and_only_of_what_left(episode: Episode, both: Provider):
    letter = to_ana(episode)
    assert letter is not None
    assert not letters.opened(letter.uuid, now=NOW)
    deliver()

    assert letters.opened(letter.uuid, now=NOW)
    assert letters.opened(letter.uuid, now=NOW + timedelta(hours=1))
    assert Letter.objects.get().opened_at == NOW


@pytest.mark.parametrize("value", ["two\nlines", "a\r\nBcc: eve@example.org", "x" * 81, "\x00"])
def test_s40_a_value_that_is_not_one_short_line_is_refused(episode: Episode, value: str):
    with pytest.raises(ValueError, match="one short line"):
        to_ana(episode, detail={"what": value})


@pytest.mark.parametrize("value", ["{link}", "{{ x }}", "%s %(x)s", "{0.__class__}", "${x}", "<b>"])
def test_s40_what_looks_like_a_template_stays_what_it_is(episode: Episode, both: Provider, value: str):
    to_ana(episode, detail={"what": value})
    deliver()

    assert f"It is time: {value} " in both.sms.texts[0]["Body"]


def test_a_value_that_its_words_need_is_missed_when_it_is_planned(episode: Episode):
    with pytest.raises(KeyError):
        to_ana(episode, detail={})
    assert not Letter.objects.exists()


@pytest.mark.parametrize("number", ["07700 900123", "nobody"])
def test_an_address_that_cannot_be_is_refused_when_it_is_planned(episode: Episode, number: str):
    with pytest.raises(Permanent):
        letters.To.patient(episode, channel="sms", address=number)
    assert numbers.checked(ANA) == ANA


@pytest.mark.parametrize("kind", ["contact.code", "contact.test"])
def test_s44_no_word_of_health_and_no_name_on_a_locked_screen(kind: str, settings):
    settings.BASE_URL = "https://app.example.org"
    wording = KINDS[kind]
    text, short, link = wording.fill(letter="0b0f3c3e", code="K7QM-2XPD", detail={})

    assert TELLING.findall(f"{wording.subject}\n{text}\n{short}\n{link}") == []
    assert len(short) <= 160, "one text message"
    assert "K7QM" not in link


def test_a_letter_stays_within_its_clinic(episode: Episode):
    elsewhere = factories.clinic("Northgate")

    with pytest.raises(IntegrityError, match="letter_within_episode_clinic"), transaction.atomic():
        to_ana(episode, clinic=elsewhere)
