"""The clocks are put forward or back while the watch watches (row F38, invariant I12). Slots are counted in hours since
the procedure, so none is doubled or missed; people read the hour on their own clocks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from recovery import clock, episodes, watch
from recovery.clinical import protocol as protocols
from recovery.local_time import clock_time
from recovery.models import Assessment, Episode
from tests import factories
from tests.api.phones import ME, Phone
from tests.notifications import scenes
from tests.notifications.postbox import Postbox

pytestmark = pytest.mark.django_db

SLOTS = protocols.get().slots


@dataclass(frozen=True)
class Change:
    """Somebody's procedure is at ten o'clock on the Friday before the clocks change in the night to Sunday. When the
    slots of Saturday and Sunday close, as their own clock says it, and the day it then is."""

    zone: str
    procedure: str
    saturday: str
    sunday: str
    day: int = 2

    @property
    def procedure_at(self) -> datetime:
        return datetime.fromisoformat(self.procedure).replace(tzinfo=ZoneInfo(self.zone))


CHANGES = [
    Change("Europe/London", "2026-03-27T10:00", "22:00 on 28 March", "23:00 on 29 March"),
    Change("Europe/London", "2026-10-23T10:00", "22:00 on 24 October", "21:00 on 25 October"),
    Change("America/New_York", "2026-03-06T10:00", "22:00 on 7 March", "23:00 on 8 March"),
    Change("America/New_York", "2026-10-30T10:00", "22:00 on 31 October", "21:00 on 1 November"),
    # half an hour
    Change("Australia/Lord_Howe", "2026-04-03T10:00", "22:00 on 4 April", "21:30 on 5 April"),
    Change("Australia/Lord_Howe", "2026-10-02T10:00", "22:00 on 3 October", "22:30 on 4 October"),
    # +13 and +14
    Change("Pacific/Apia", "2020-04-03T10:00", "22:00 on 4 April", "21:00 on 5 April"),
    Change("Pacific/Apia", "2020-09-25T10:00", "22:00 on 26 September", "23:00 on 27 September"),
    # +14 and -11, where the clocks stand still
    Change("Pacific/Kiritimati", "2026-03-27T10:00", "22:00 on 28 March", "22:00 on 29 March"),
    Change("Pacific/Kiritimati", "2026-10-23T10:00", "22:00 on 24 October", "22:00 on 25 October"),
    Change("Pacific/Pago_Pago", "2026-03-27T10:00", "22:00 on 28 March", "22:00 on 29 March"),
    Change("Pacific/Pago_Pago", "2026-10-23T10:00", "22:00 on 24 October", "22:00 on 25 October"),
    # a country moved to the other side of the date line, and had no Friday
    Change("Pacific/Apia", "2011-12-28T10:00", "22:00 on 29 December", "22:00 on 31 December", day=3),
]


@pytest.fixture(params=CHANGES, ids=lambda change: f"{change.zone}-{change.procedure[:10]}")
def change(request: pytest.FixtureRequest) -> Change:
    return request.param


@pytest.fixture
def episode(change: Change) -> Episode:
    team, _, _ = scenes.care_team()
    procedure_at = change.procedure_at
    return factories.episode(team, procedure_at=procedure_at, time_zone=change.zone, now=procedure_at)


@pytest.mark.hazard("HZ12.1")
def test_each_slot_is_missed_once_when_it_has_closed(episode: Episode, mailbox: Postbox) -> None:
    """The watch looks at each half hour around the change, and every twelve hours before and after it."""
    start = episode.procedure_at
    looks = [0, 12, *(hour / 2 for hour in range(2 * 24, 2 * 62)), *range(62, 264, 12)]
    for hours in looks:
        watch.cycle(start + timedelta(hours=hours))

    rows = Assessment.objects.filter(silent_slot__isnull=False, is_current=True).order_by("pk")
    closed = [slot for slot in SLOTS if slot.close_h <= looks[-1]]
    assert [(row.silent_slot, row.hours) for row in rows] == [(slot.id, slot.close_h) for slot in closed]
    for row in rows:
        late = row.judged_at - row.effective_at
        assert row.effective_at == start + timedelta(hours=row.hours)
        assert timedelta() <= late < timedelta(hours=12)
        assert row.hours > 60 or late == timedelta()


def test_the_patient_reads_it_on_a_clock_at_home(
    change: Change, episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = Phone(factories.phone(episode, now=episode.procedure_at)[1], Client())

    def home(hours: float) -> tuple[str, str, int]:
        """Just before that hour: the slot that is open, when it closes, and the day."""
        instant = episode.procedure_at + timedelta(hours=hours) - timedelta(seconds=1)
        monkeypatch.setattr(clock, "now", lambda: instant)
        said = phone.get(ME).json()
        closes_at = datetime.fromisoformat(said["next_slot"]["closes_at"])
        assert closes_at == instant + timedelta(seconds=1)
        return said["next_slot"]["id"], clock_time(closes_at, said["episode"]["time_zone"]), said["day"]

    assert home(36) == ("S1", change.saturday, 1)
    assert home(60) == ("S2", change.sunday, change.day)


def test_the_team_reads_when_a_recovery_ends_on_the_patients_clock(change: Change, episode: Episode) -> None:
    nurse = factories.member(episode.team, "Ben Okafor", password=None)
    planned_end = (change.procedure_at.astimezone(ZoneInfo("UTC")) + timedelta(hours=2040)).astimezone(
        ZoneInfo(change.zone)
    )
    with pytest.raises(episodes.EpisodeRefused) as refused:
        episodes.extend(
            episode_id=episode.uuid,
            until=planned_end,
            reason="Still sore.",
            by=nurse,
            now=episode.procedure_at,
        )
    assert f"after {planned_end:%H:%M} on {planned_end.day} {planned_end:%B}." in str(refused.value)
