"""What is known of a silence is kept beside its verdict, and never stands in its way."""

from datetime import timedelta
from typing import Any

import pytest

from recovery import checkins, enrolment, reminders, silence
from recovery.models import Assessment, DeviceToken, Episode, Letter, Reminder
from recovery.reminders import Chosen
from recovery.silence import why
from tests import factories
from tests.factories import at, submission
from tests.operations.ward import as_next_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def episode() -> Episode:
    return factories.episode()


@pytest.fixture
def ana(episode: Episode) -> DeviceToken:
    return factories.phone(episode)[0]


def known(slot: str = "S1") -> dict[str, Any]:
    """What is kept of the slot that closed empty at hour 36."""
    for hours in (12, 36):
        silence.judge_due(limit=10, now=at(hours))
    row = Assessment.objects.get(silent_slot=slot, is_current=True)
    assert row.silence is not None
    return dict(row.silence)


def test_what_cannot_be_read_of_it_keeps_no_silence_from_being_judged(
    ana: DeviceToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(why, "_KNOWN", "SELECT no_such_column FROM recovery_reminder")

    assert silence.judge_due(limit=10, now=at(12)) == 1

    row = Assessment.objects.get(silent_slot="S0")
    assert ([finding["rule"] for finding in row.findings], row.silence) == (["MISSED-1"], None)


def test_each_of_many_silences_has_its_own_reason(ana: DeviceToken, episode: Episode) -> None:
    ida = factories.episode(episode.team, name="Ida Moreau")
    ida_phone, _ = factories.phone(ida)
    reminders.form_opened(device=ida_phone, at=at(5), now=at(5))
    silence.judge_due(limit=10, now=at(12))

    told = {row.episode_id: row.silence["why"] for row in Assessment.objects.filter(silent_slot="S0")}
    assert told == {episode.pk: "unheard", ida.pk: "opened"}


def test_a_check_in_that_was_begun_and_not_finished_counts_as_opened(ana: DeviceToken) -> None:
    begun = submission(20, completed=False)
    checkins.submit(device=as_next_request(ana), submission=begun, now=at(20))

    told = known()
    assert (told["why"], told["half"]) == ("opened", True)


def test_a_phone_that_was_signed_out_is_no_phone(ana: DeviceToken) -> None:
    enrolment.revoke(device=ana, now=at(13))

    told = known()
    assert (told["why"], told["phones"]) == ("unheard", 0)


def test_a_caregivers_phone_is_no_sign_of_the_patients(ana: DeviceToken, episode: Episode) -> None:
    factories.caregiver(episode, now=at(20))

    told = known()
    assert (told["why"], told["phones"]) == ("unheard", 1)


def test_the_form_of_the_next_slot_says_nothing_of_the_one_before(ana: DeviceToken) -> None:
    """The watch stood still when the slot closed."""
    silence.judge_due(limit=10, now=at(12))
    reminders.form_opened(device=ana, at=at(37), now=at(37))
    silence.judge_due(limit=10, now=at(38))

    row = Assessment.objects.get(silent_slot="S1", is_current=True)
    assert (row.silence["why"], row.silence["opened_at"]) == ("nothing", None)


@pytest.mark.parametrize(
    ("status", "expected"), [("sent", "unheard"), ("delivered", "unheard"), ("failed", "unreached"),
                             ("waiting", "unreached"), ("dropped", "unreached")],
)  # fmt: skip
def test_a_reminder_by_text_message_counts_by_what_became_of_it(
    ana: DeviceToken, status: str, expected: str
) -> None:
    chosen = Chosen(channel="sms", address="+447700900123", repeats=0)
    reminders.choose(device=as_next_request(ana), chosen=chosen, now=at(13))
    reminders.send_due(limit=10, now=at(24))
    sent_at = at(24) if status in {"sent", "delivered"} else None
    Letter.objects.update(status=status, sent_at=sent_at)

    told = known()

    assert (told["why"], told["reminders"], told["channel"]) == (expected, 1, "sms")


def test_a_reminder_of_an_earlier_slot_says_nothing_of_this_one(ana: DeviceToken) -> None:
    reminders.send_due(limit=10, now=at(3))
    reminders.heard(device=ana, now=at(30))

    told = known()

    assert Reminder.objects.get().slot == "S0"
    assert (told["why"], told["reminders"]) == ("nothing", 0)


def test_judged_anew_it_is_told_anew(ana: DeviceToken, episode: Episode) -> None:
    known()
    reminders.form_opened(device=ana, at=at(30), now=at(40))
    Episode.objects.filter(pk=episode.pk).update(
        risk_factors=["tumour"], rejudge_from=episode.procedure_at + timedelta(hours=1)
    )

    silence.rejudge(Episode.objects.get(pk=episode.pk), now=at(41))

    row = Assessment.objects.get(silent_slot="S1", is_current=True)
    assert (row.findings[0]["tier"], row.silence["why"]) == ("same_day", "opened")
