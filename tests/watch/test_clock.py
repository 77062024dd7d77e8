"""The clock of the machine that watches is an hour off (row F37). Slots close by the database's clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from recovery import clock, watch
from recovery.models import Assessment, CareTeam, Episode
from services.provision import connect
from tests import factories
from tests.notifications import scenes
from tests.notifications.postbox import Postbox
from tests.services_plugin import current

pytestmark = pytest.mark.django_db

HOUR, MOMENT = timedelta(hours=1), timedelta(seconds=2)
FIRST_CLOSE = timedelta(hours=12)


def closing_in(team: CareTeam, delay: timedelta) -> Episode:
    """A recovery whose first slot closes so long after now, really."""
    return factories.episode(team, procedure_at=datetime.now(UTC) + delay - FIRST_CLOSE)


@pytest.mark.parametrize("off", [-HOUR, HOUR, -24 * HOUR, 24 * HOUR])
def test_no_slot_closes_early_or_late_by_the_clock_of_the_machine(
    off: timedelta, mailbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    team, _, _ = scenes.care_team()
    closed, closes_soon = closing_in(team, -MOMENT), closing_in(team, HOUR / 2)
    monkeypatch.setattr(clock, "real", lambda: datetime.now(UTC) + off)

    assert watch.cycle(watch.now())["silent"] == 1

    verdict = Assessment.objects.get()
    assert verdict.episode_id == closed.pk
    assert verdict.effective_at == closed.procedure_at + FIRST_CLOSE
    assert verdict.judged_at - verdict.effective_at < timedelta(minutes=1)
    closes_soon.refresh_from_db()
    assert closes_soon.next_due_at == closes_soon.procedure_at + FIRST_CLOSE


def test_the_lag_of_the_demo_holds_for_the_watch_too(tmp_path, settings) -> None:
    settings.DEMO_CLOCK = str(tmp_path / "lag")
    (tmp_path / "lag").write_bytes(clock.LAG.pack(-3 * 86_400.0))

    assert abs(watch.now() - clock.now()) < timedelta(minutes=1)
    assert datetime.now(UTC) - watch.now() > timedelta(days=2)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_tell_the_time_is_lost() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with connect(current().admin_url) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with pytest.raises(watch.DatabaseLost):
        watch.now()
    assert watch.now()
