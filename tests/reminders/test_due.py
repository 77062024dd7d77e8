"""The watch reminds: once for each time that was planned, not while it is answered, paused, ended or quiet."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from recovery import checkins, episodes, owed, procedure_time, reminders
from recovery.models import CareTeam, DeviceToken, Episode, Letter, Preferences, Reminder, User
from recovery.reminders import Chosen
from tests import factories
from tests.factories import T0, at, submission
from tests.hold.settled import as_next_request

pytestmark = pytest.mark.django_db

ZONES = [
    "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
]  # fmt: skip


@pytest.fixture
def team() -> CareTeam:
    return factories.team()


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team)


@pytest.fixture
def episode(team: CareTeam) -> Episode:
    """The procedure ended at ten; slots are days from ten in the evening; reminders come at ten, and at two again."""
    return factories.episode(team)


@pytest.fixture
def ana(episode: Episode) -> DeviceToken:
    return factories.phone(episode)[0]


def turn(hours: float, *, limit: int = 100) -> int:
    return reminders.send_due(limit=limit, now=at(hours))


def turns(start: float, end: float, step: float = 0.5) -> None:
    hours = start
    while hours < end:
        turn(hours)
        hours += step


def reminded() -> list[tuple[str, float]]:
    rows = Reminder.objects.order_by("due_at")
    return [(row.slot, (row.due_at - T0) / timedelta(hours=1)) for row in rows]


def choose(episode: Episode, hours: float = 0, **chosen: object) -> None:
    device = episode.devices.first() or factories.phone(episode)[0]
    reminders.choose(device=as_next_request(device), chosen=Chosen(**chosen), now=at(hours))


def test_a_patient_is_reminded_at_the_time_picked_and_again_while_nobody_answers(episode: Episode) -> None:
    turns(0, 60)

    assert reminded() == [("S0", 3), ("S0", 7), ("S1", 24), ("S1", 28), ("S2", 48), ("S2", 52)]


def test_the_check_in_stops_it(episode: Episode, ana: DeviceToken) -> None:
    turns(12, 25)
    checkins.submit(device=as_next_request(ana), submission=submission(25), now=at(25))
    turns(25, 36)

    assert reminded() == [("S1", 24)]


def test_a_half_finished_one_does_not(episode: Episode, ana: DeviceToken) -> None:
    checkins.submit(device=as_next_request(ana), submission=submission(20, completed=False), now=at(20))
    turns(20, 36)

    assert reminded() == [("S1", 24), ("S1", 28)]


def test_a_check_in_that_was_withdrawn_stops_nothing(episode: Episode, ana: DeviceToken) -> None:
    said = submission(20)
    checkins.submit(device=as_next_request(ana), submission=said, now=at(20))
    checkins.withdraw(device=as_next_request(ana), client_id=said.client_id, now=at(21))
    turns(21, 36)

    assert reminded() == [("S1", 24), ("S1", 28)]


def test_nobody_is_reminded_while_paused_and_who_resumes_is_from_the_next_time_on(
    episode: Episode, ben: User
) -> None:
    episodes.pause(episode_id=episode.uuid, reason="In hospital.", by=ben, now=at(13))
    turns(13, 60)
    assert reminded() == []

    episodes.resume(episode_id=episode.uuid, reason="Home.", by=ben, now=at(60))
    turns(60, 84)

    assert reminded() == [("S3", 72), ("S3", 76)]


def test_nobody_is_reminded_once_the_recovery_has_ended(episode: Episode, ben: User) -> None:
    episodes.end(episode_id=episode.uuid, reason="Over.", by=ben, now=at(13))
    turns(13, 100, 1)

    assert reminded() == []
    assert Preferences.objects.get().next_at is None


def test_f39_ten_days_of_outage_are_one_reminder_not_ten(episode: Episode) -> None:
    turn(3)
    back = 243.0  # one in the afternoon of the tenth day, in slot S10

    while turn(back):
        pass
    turns(back, back + 3, 0.25)

    assert reminded() == [("S0", 3), ("S10", 240)]


def test_back_in_quiet_hours_the_reminder_waits_for_their_end(team: CareTeam) -> None:
    episode = factories.episode(team)
    choose(episode, remind_at=time(19), repeats=0)
    turn(3)

    turns(36.5 + 24 * 8, 24 * 9 + 22.5, 0.5)  # from half past ten at night, in slot S10 from the next day on

    assert [slot for slot, _ in reminded()].count("S10") == 0
    turns(24 * 9 + 22.5, 252, 0.5)
    assert reminded()[-1] == ("S10", 24 * 9 + 33)


def test_each_zone_has_its_own_ten_oclock(team: CareTeam) -> None:
    for zone in ZONES:
        factories.episode(team, time_zone=zone)

    for hours in range(12, 36):
        while turn(hours + 0.01):
            pass

    for zone in ZONES:
        firsts = Reminder.objects.filter(episode__time_zone=zone, slot="S1").order_by("due_at")
        assert firsts[0].due_at.astimezone(ZoneInfo(zone)).time() == time(10), zone


CHANGES = [
    ("Europe/London", "2026-03-27"), ("Europe/London", "2026-10-23"),
    ("America/New_York", "2026-03-06"), ("America/New_York", "2026-10-30"),
    ("Australia/Lord_Howe", "2026-04-03"), ("Australia/Lord_Howe", "2026-10-02"),
    ("Pacific/Apia", "2020-04-03"), ("Pacific/Apia", "2020-09-25"),
    ("America/St_Johns", "2026-03-06"), ("America/St_Johns", "2026-10-30"),
    ("Pacific/Kiritimati", "2026-03-27"), ("Pacific/Pago_Pago", "2026-10-23"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "friday"), CHANGES, ids=lambda value: str(value))
def test_f38_over_a_change_of_the_clocks_every_day_has_one_reminder_at_ten(
    team: CareTeam, zone: str, friday: str
) -> None:
    """The procedure is on the Friday before; the clocks change in the night to Sunday. Both days, six zones with a
    change, and two without."""
    started = datetime.fromisoformat(f"{friday}T12:00").replace(tzinfo=ZoneInfo(zone))
    episode = factories.episode(team, procedure_at=started, time_zone=zone, now=started)
    device, _ = factories.phone(episode, now=started)
    reminders.choose(device=device, chosen=Chosen(repeats=0), now=started)

    start = episode.procedure_at
    for quarter in range(4 * 12, 4 * 108):
        reminders.send_due(limit=10, now=start + timedelta(hours=quarter / 4))

    told = Reminder.objects.filter(episode=episode).order_by("due_at")
    days = [row.due_at.astimezone(ZoneInfo(zone)) for row in told]
    assert [day.time() for day in days] == [time(10)] * 4
    assert [day.date() - started.date() for day in days] == [timedelta(days=n) for n in (1, 2, 3, 4)]
    assert [row.slot for row in told] == ["S1", "S2", "S3", "S4"]
    assert all(row.planned_at == row.due_at for row in told)


def test_another_time_takes_effect_at_once(episode: Episode) -> None:
    choose(episode, 20, remind_at=time(15), repeats=0)
    turns(20, 36)

    assert reminded() == [("S1", 29)]


def test_two_reminders_never_come_close_to_each_other(episode: Episode) -> None:
    turns(12, 24.5)
    choose(episode, 24.5, remind_at=time(11), repeats=0)
    turns(24.5, 36)

    assert reminded() == [("S1", 24)]


def test_who_wants_none_has_none(episode: Episode) -> None:
    choose(episode, channel="none")
    turns(0, 60, 2)

    assert reminded() == []
    assert Preferences.objects.get().next_at is None


def test_when_the_procedure_time_is_corrected_the_reminders_follow_it(episode: Episode, ben: User) -> None:
    turn(3)
    procedure_time.change(
        episode_id=episode.uuid,
        procedure_at=T0 - timedelta(hours=18),
        time_estimated=False,
        reason="It was the day before.",
        by=ben,
        now=at(3.5),
    )
    turns(3.5, 10)

    # slot S1 runs until four in the afternoon of the next day by now, and ten o'clock of today lies before it
    assert [slot for slot, _ in reminded()] == ["S0", *["S1"] * (len(reminded()) - 1)]


def test_by_mail_and_text_message_it_is_a_letter_that_ends_with_the_slot(episode: Episode) -> None:
    choose(episode, channel="sms", address="+44 7700 900123", repeats=0)
    turns(20, 25)

    (reminder,) = Reminder.objects.filter(slot="S1")
    letter = Letter.objects.get(kind="reminder", key=str(reminder.uuid))
    assert (letter.channel, letter.status, letter.due_at) == ("sms", "waiting", at(24))
    assert letter.expires_at == at(35)  # nine in the evening: then it is quiet
    assert letter.episode_id == episode.pk
    assert "900123" not in f"{letter.sealed_address}{letter.detail}"


def test_one_who_cannot_be_reminded_keeps_nobody_else_waiting(team: CareTeam, episode: Episode) -> None:
    Episode.objects.filter(pk=episode.pk).update(time_zone="Mars/Olympus")
    other = factories.episode(team)

    turn(24)

    assert set(Reminder.objects.values_list("episode", flat=True)) == {other.pk}
    stuck = Preferences.objects.get(episode=episode)
    assert (stuck.failures, stuck.retry_at is not None) == (1, True)
    assert turn(24) == 0


def test_a_watch_that_looks_again_reminds_nobody_twice(episode: Episode) -> None:
    turn(24)
    Preferences.objects.update(next_at=at(24))
    turn(24)

    assert reminded() == [("S1", 24)]


def test_the_list_is_worked_off_in_turns(team: CareTeam) -> None:
    for number in range(5):
        factories.episode(team, name=f"Ana {number}")

    assert [turn(24, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert Reminder.objects.filter(slot="S1").count() == 5


def test_who_is_enrolled_without_a_word_is_reminded_in_the_app(episode: Episode) -> None:
    row = Preferences.objects.get(episode=episode)

    assert (row.channel, row.remind_at, row.next_at) == ("app", time(10), at(3))


def test_what_is_said_at_enrolment_counts(team: CareTeam) -> None:
    episode = factories.episode(
        team, reminders=Chosen(channel="email", address="ana@example.org", remind_at=time(9))
    )

    row = Preferences.objects.get(episode=episode)
    assert (row.channel, reminders.hint(row)) == ("email", "a...@example.org")
    assert "ana@" not in row.sealed_address


def test_an_enrolment_with_an_address_that_cannot_be_one_is_refused(team: CareTeam) -> None:
    with pytest.raises(reminders.RemindersRefused, match="country code"):
        factories.episode(team, reminders=Chosen(channel="sms", address="07700 900123"))
    assert not Episode.objects.exists()


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"channel": "email"}, "address"),
        ({"channel": "email", "address": "no address"}, "address"),
        ({"channel": "sms", "address": "0123"}, "address"),
        ({"remind_at": time(23)}, "remind_at"),
        ({"repeats": 3}, "repeats"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(
    episode: Episode, chosen: dict[str, object], field: str
) -> None:
    with pytest.raises(reminders.RemindersRefused) as refused:
        choose(episode, **chosen)

    assert refused.value.extra["field"] == field


def test_a_stranger_reaches_nothing(episode: Episode) -> None:
    cleo = factories.member(factories.team(factories.clinic("Northgate Clinic")), "Cleo Hart")

    with pytest.raises(Episode.DoesNotExist):
        reminders.choose_for(episode_id=episode.uuid, chosen=Chosen(), by=cleo, now=at(1))


def test_a_colleague_who_was_first_is_named(episode: Episode, ben: User) -> None:
    seen = reminders.as_seen(reminders.of_episode(episode))
    reminders.choose_for(
        episode_id=episode.uuid, chosen=Chosen(remind_at=time(9)), by=ben, now=at(1), seen=seen
    )

    with pytest.raises(reminders.RemindersRefused, match="Ben Okafor changed the reminders at 11:00"):
        reminders.choose_for(
            episode_id=episode.uuid, chosen=Chosen(remind_at=time(12)), by=ben, now=at(2), seen=seen
        )


def test_the_history_says_what_was_chosen_before_and_no_address(episode: Episode, ben: User) -> None:
    choose(episode, channel="email", address="ana@example.org")
    choose(episode, channel="none")

    events = list(episode.events.filter(what=reminders.CHANGED).order_by("id"))
    assert [event.was["channel"] for event in events] == ["app", "email"]
    assert "example" not in str([event.was for event in events])


def test_the_same_again_changes_nothing(episode: Episode) -> None:
    choose(episode, channel="email", address="ana@example.org")
    before = Preferences.objects.values().get()
    choose(episode, 5, channel="email", address="ana@example.org")
    choose(episode, 6, channel="email")

    assert Preferences.objects.values().get() == before
    assert episode.events.filter(what=reminders.CHANGED).count() == 1


def test_enrolled_late_only_what_is_to_come_is_reminded_of(team: CareTeam) -> None:
    episode = factories.episode(team, now=at(25))
    turns(25, 36)

    assert [slot for slot, hours in reminded()] == ["S1"]
    assert Preferences.objects.get(episode=episode).next_at == at(48)


def test_a_reminder_that_nobody_has_sent_is_among_what_is_owed(episode: Episode) -> None:
    def due() -> tuple[int, datetime | None]:
        (state,) = [each for each in owed.everything(now=at(25)) if each.state.name == "reminder-due"]
        return state.count, state.oldest

    assert due() == (1, at(3))
    while turn(25):
        pass
    assert due() == (0, None)
