"""The watch has stood still (row F39, invariant I12): nothing is skipped, nothing doubled, and nobody is flooded."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from recovery import checkins, watch
from recovery.clinical import protocol as protocols
from recovery.models import Alert, Assessment, CareTeam, DeviceToken, Episode
from tests import factories
from tests.factories import at, submission
from tests.hold.settled import as_next_request
from tests.notifications import scenes
from tests.notifications.postbox import Postbox

pytestmark = pytest.mark.django_db

RED_FLAG = {"bladder": "new_or_worse"}
TEN_DAYS_ON = 252.0
"""The hour at which the watch is back; it had stood still since hour 12."""
BACK = at(TEN_DAYS_ON)


@pytest.fixture
def team() -> CareTeam:
    return scenes.care_team()[0]


@pytest.fixture
def ana(team: CareTeam) -> DeviceToken:
    return factories.phone(factories.episode(team))[0]


def missed() -> list[tuple[str | None, float]]:
    rows = Assessment.objects.filter(silent_slot__isnull=False).order_by("pk")
    return list(rows.values_list("silent_slot", "hours"))


def closed_since(hours: float) -> list[tuple[str, float]]:
    slots = protocols.get().slots
    return [(slot.id, slot.close_h) for slot in slots if hours < slot.close_h <= TEN_DAYS_ON]


def until_nothing_is_due() -> int:
    turns = 0
    while +watch.cycle(BACK):
        turns += 1
        assert turns < 10
    return turns


def test_ten_days_leave_a_row_for_each_slot_and_each_of_the_team_is_told_once_of_each_alert(
    ana: DeviceToken, mailbox: Postbox
) -> None:
    checkins.submit(device=ana, submission=submission(5, **RED_FLAG), now=at(5))
    Assessment.objects.update(next_attempt_at=None)
    watch.cycle(at(12))
    told = len(mailbox.mails)

    until_nothing_is_due()

    assert missed() == closed_since(12)
    assert len(missed()) == 8
    assert Counter(Counter(mailbox.recipients[told:]).values()) == {2: 2}
    silence = Alert.objects.get(rule="MISSED-2")
    assert sum(str(silence.uuid) in mail.text for mail in mailbox.mails[told:]) == 2
    assert silence.events.filter(kind="joined").count() == 6
    assert not Assessment.objects.filter(flagged_at=None).exists()


def test_who_never_started_is_told_of_once(team: CareTeam, mailbox: Postbox) -> None:
    factories.episode(team, risk_factors=["tumour"])
    until_nothing_is_due()

    assert missed() == closed_since(0)
    assert len(mailbox.mails) == len(set(mailbox.recipients)) == 2


def test_each_slot_is_judged_as_of_its_own_closing(ana: DeviceToken, mailbox: Postbox) -> None:
    """What was reported on the fourth day does not count on the second, and clears what was before it."""
    checkins.submit(device=ana, submission=submission(5), now=at(5))
    checkins.submit(device=as_next_request(ana), submission=submission(100), now=at(100))
    until_nothing_is_due()

    rules = {
        row.silent_slot: [finding["rule"] for finding in row.findings]
        for row in Assessment.objects.filter(silent_slot__isnull=False)
    }
    assert rules == {
        "S1": ["MISSED-1"],
        "S2": ["MISSED-2"],
        "S3": ["MISSED-2"],
        "S5": ["MISSED-1"],
        "S6": ["MISSED-2"],
        "S7": ["MISSED-2"],
        "S10": ["MISSED-2"],
    }


def test_patients_who_report_all_the_time_are_not_silent(ana: DeviceToken, mailbox: Postbox) -> None:
    for hours in (5, 20, 44, 68, 92, 116, 140, 164, 240):
        checkins.submit(device=as_next_request(ana), submission=submission(hours), now=at(hours))
    until_nothing_is_due()

    assert missed() == []
    assert mailbox.mails == []


@pytest.mark.django_db(transaction=True)
def test_four_watches_that_come_back_at_once_judge_each_slot_once(team: CareTeam, mailbox: Postbox) -> None:
    for number in range(8):
        factories.episode(team, name=f"Ana {number}", risk_factors=["tumour"])

    def turn(_: int) -> None:
        try:
            watch.cycle(BACK)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(turn, range(4)))
    until_nothing_is_due()

    for episode in Episode.objects.all():
        rows = Assessment.objects.filter(episode=episode).order_by("pk")
        assert list(rows.values_list("silent_slot", "hours")) == closed_since(0)
    assert len(mailbox.mails) == 8 * 2
