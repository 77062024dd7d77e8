"""Reminders on the patient's page: chosen when they are enrolled, changed later, and what is known of a silence."""

import re
from datetime import time

import pytest

from recovery import alerts, reminders, silence
from recovery.clinical.tiers import Tier
from recovery.models import (
    Alert,
    Assessment,
    CareTeam,
    Episode,
    Letter,
    PhoneSign,
    Preferences,
    Reminder,
    User,
)
from recovery.reminders import Chosen
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import said
from tests.dashboard.test_enrol import typed
from tests.factories import at, without_ids

CHOSEN = {
    "reminder_channel": "sms",
    "reminder_address": "+44 7700 900123",
    "reminder_at": "09:30",
    "reminder_repeats": "2",
    "quiet_from": "20:00",
    "quiet_until": "08:30",
}


@pytest.fixture
def episode(team: CareTeam) -> Episode:
    return factories.episode(team)


def address(episode: Episode) -> str:
    return f"/patients/{episode.uuid}/reminders"


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


# --- chosen


def test_what_is_chosen_at_enrolment_counts(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    answered = sign_in(ben).post("/enrol", typed(team, **CHOSEN))

    assert answered.status_code == 303
    row = Preferences.objects.get()
    assert (row.channel, reminders.hint(row), row.remind_at, row.repeats) == ("sms", "...123", time(9, 30), 2)
    assert (row.quiet_from, row.quiet_until) == (time(20), time(8, 30))


def test_who_is_asked_nothing_is_reminded_in_the_app(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    assert sign_in(ben).post("/enrol", typed(team)).status_code == 303

    assert Preferences.objects.get().channel == "app"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"reminder_address": ""}, "Write where the reminders go."),
        ({"reminder_address": "07700 900123"}, "with its country code"),
        ({"reminder_at": "23:00"}, "Choose a time outside the quiet hours."),
    ],
)
def test_a_slip_is_said_beside_its_field_and_nobody_is_enrolled(
    team: CareTeam, ben: User, sign_in: SignIn, changed: dict[str, str], words: str
) -> None:
    answered = sign_in(ben).post("/enrol", typed(team, **(CHOSEN | changed)))

    assert answered.status_code == 422
    assert words in said(answered)
    assert not Episode.objects.exists()


def test_the_team_changes_it_on_the_patients_page(episode: Episode, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    page = client.get(address(episode))
    answered = client.post(address(episode), CHOSEN | {"seen": seen_on(page.content.decode())})

    assert (answered.status_code, answered["Location"]) == (303, f"/patients/{episode.uuid}")
    shown = said(client.get(f"/patients/{episode.uuid}"))
    assert "Reminders by text message at 09:30 to ...123, twice again while nobody has answered" in shown
    assert "quiet from 20:00 to 08:30" in shown
    assert "Changed reminders" in shown
    assert "reminders in the app at 10:00" in shown
    again = without_ids(client.get(address(episode)).content.decode())
    assert "7700" not in again.replace("+44 7700 900123", "")


def test_the_address_that_is_known_stays_when_none_is_typed(
    episode: Episode, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    client.post(address(episode), CHOSEN)
    answered = client.post(address(episode), CHOSEN | {"reminder_address": "", "reminder_at": "11:00"})

    assert answered.status_code == 303
    row = Preferences.objects.get()
    assert (row.remind_at, reminders.hint(row)) == (time(11), "...123")


def test_of_two_who_change_it_the_second_reads_what_the_patient_chose(
    episode: Episode, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    page = client.get(address(episode))
    device, _ = factories.phone(episode)
    reminders.choose(device=device, chosen=Chosen(remind_at=time(12)), now=at(20))

    answered = client.post(address(episode), CHOSEN | {"seen": seen_on(page.content.decode())})

    assert answered.status_code == 409
    assert "The patient changed the reminders at" in said(answered)
    assert Preferences.objects.get().channel == "app"


def test_what_became_of_the_latest_reminders_is_shown(
    episode: Episode, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    reminders.send_due(limit=10, now=at(24))
    set_clock(25)
    client = sign_in(ben)
    assert "no app has asked for it" in said(client.get(f"/patients/{episode.uuid}"))

    Reminder.objects.update(fetched_at=at(24.1), shown_at=at(24.1))

    assert "shown on the phone" in said(client.get(f"/patients/{episode.uuid}"))


# --- silence told apart


def judged(episode: Episode) -> str:
    """The slots of the first day and a half close empty. What is kept of the second one."""
    silence.judge_due(limit=10, now=at(12))
    silence.judge_due(limit=10, now=at(36))
    row = Assessment.objects.get(silent_slot="S1", is_current=True)
    assert row.silence is not None
    return str(row.silence["why"])


def remind(episode: Episode, hours: float = 24) -> None:
    reminders.send_due(limit=10, now=at(hours))


def heard(episode: Episode, hours: float, opened: float | None = None) -> None:
    opened_at = None if opened is None else at(opened)
    PhoneSign.objects.create(
        clinic=episode.clinic, episode=episode, heard_at=at(hours), form_opened_at=opened_at
    )


def on_the_row(user: User, sign_in: SignIn) -> str:
    """What the team reads on the board."""
    for pk in Assessment.objects.filter(flagged_at=None).values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="watch", now=at(36))
    return said(sign_in(user).get("/"))


@pytest.fixture
def phone(episode: Episode) -> None:
    factories.phone(episode)


@pytest.mark.usefixtures("phone")
def test_a_phone_that_was_not_heard_from(
    episode: Episode, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    heard(episode, 5)
    set_clock(36)

    assert judged(episode) == "unheard"
    assert "The phone was not heard from in this time" in on_the_row(ben, sign_in)


@pytest.mark.usefixtures("phone")
def test_a_reminder_that_was_not_delivered(
    episode: Episode, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    heard(episode, 20)
    remind(episode)
    set_clock(36)

    assert judged(episode) == "unreached"
    assert "1 reminder waited in the app, and no app asked" in on_the_row(ben, sign_in)


def test_a_mail_that_could_not_be_delivered(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    episode = factories.episode(team, reminders=Chosen(channel="email", address="ana@example.org"))
    factories.phone(episode)
    heard(episode, 20)
    remind(episode)
    Letter.objects.update(status="failed")
    set_clock(36)

    assert judged(episode) == "unreached"
    assert "1 reminder could not be delivered: check the e-mail address" in on_the_row(ben, sign_in)


@pytest.mark.usefixtures("phone")
def test_a_form_that_was_opened_and_not_sent(
    episode: Episode, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    heard(episode, 20, opened=20)
    set_clock(36)

    assert judged(episode) == "opened"
    assert "The form was opened and not sent: the patient may need help with it" in on_the_row(ben, sign_in)


@pytest.mark.usefixtures("phone")
def test_nothing_at_all_from_a_phone_that_lives(
    episode: Episode, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    heard(episode, 30)
    remind(episode)
    Reminder.objects.update(fetched_at=at(24.1))
    set_clock(36)

    assert judged(episode) == "nothing"
    row = on_the_row(ben, sign_in)
    assert "The phone was heard from, and nothing was sent" in row
    assert "1 reminder reached the app" in row


def test_where_no_phone_ever_signed_on_that_is_said(
    episode: Episode, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    set_clock(36)

    assert judged(episode) == "unheard"
    assert "No phone reports for this patient" in on_the_row(ben, sign_in)


@pytest.mark.parametrize(
    ("risks", "tier", "words"),
    [
        (["lives_alone"], "within_24h", "Weighs more in this patient: lives alone"),
        (["tumour", "lives_alone"], "same_day", "Weighs more in this patient: lives alone, "),
    ],
)
def test_silence_is_judged_by_risk_and_the_risk_is_said(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock, risks: list[str], tier: str, words: str
) -> None:
    episode = factories.episode(team, risk_factors=risks)
    set_clock(36)
    judged(episode)

    assert words in on_the_row(ben, sign_in)
    assert Tier(Alert.objects.get().tier).code == tier


@pytest.mark.usefixtures("phone")
def test_a_form_opened_before_the_slot_says_nothing_of_it(episode: Episode) -> None:
    heard(episode, 30, opened=11)

    assert judged(episode) == "nothing"


@pytest.mark.usefixtures("phone")
def test_it_changes_neither_rule_nor_tier(episode: Episode) -> None:
    """The specification's rules see nothing of it."""
    heard(episode, 20, opened=20)
    judged(episode)

    row = Assessment.objects.get(silent_slot="S1", is_current=True)
    assert [(finding["rule"], finding["tier"]) for finding in row.findings] == [
        ("NEVER-STARTED", "within_24h")
    ]
    assert "silence" not in str(row.findings)


@pytest.mark.usefixtures("phone")
def test_the_patients_page_says_it_too(
    episode: Episode, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    heard(episode, 20, opened=20)
    judged(episode)
    set_clock(36)

    shown = said(sign_in(ben).get(f"/patients/{episode.uuid}"))

    assert "Silent: 2 check-ins missed" in shown
    assert "The form was opened and not sent" in shown


# --- closing


def close(client, alert: Alert, **words: str):
    page = client.get(f"/alerts/{alert.uuid}").content.decode()
    return client.post(f"/alerts/{alert.uuid}/close", {"seen": seen_on(page)} | words)


@pytest.mark.usefixtures("phone")
def test_the_clinician_picks_or_writes_what_the_patient_reads(
    episode: Episode, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    judged(episode)
    set_clock(36)
    on_the_row(ben, sign_in)
    client = sign_in(ben)
    alert = Alert.objects.get()
    typed_words = {
        "outcome": "no-problem-found",
        "contacted": "yes",
        "tell": "own",
        "tell_words": "Try at noon.",
    }

    refused = close(client, alert, **(typed_words | {"tell_words": ""}))
    assert refused.status_code == 422
    assert "Write what the patient is to read." in said(refused)

    assert close(client, alert, **typed_words).status_code == 303
    assert "The patient reads: “Try at noon. Call 020 7946 0101 if it gets worse" in said(
        client.get(f"/alerts/{alert.uuid}")
    )
