"""What was kept for long enough is let go, and nothing that is younger, open or running; whoever does it, and however
it ends."""

import os
import threading
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from recovery import audit, enrolment, persons, retention, watch
from recovery.models import (
    Alert,
    Attempt,
    AuditEvent,
    CareTeam,
    CheckIn,
    Clinic,
    EnrolmentCode,
    Episode,
    Letter,
    NightCheck,
    Notification,
    Patient,
    Quarantine,
    Reminder,
    RetentionRule,
    RetentionTurn,
    StaffSession,
)
from recovery.retention import KINDS, letting_go
from tests import factories
from tests.auditor.ward import Ward, looks, settle
from tests.factories import at

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


def turns(now: datetime, most: int = 200) -> int:
    """Until nothing is due."""
    gone = 0
    retention.begin(now=now)
    for _ in range(most):
        gone += retention.let_go_due(now=now)
        if not RetentionTurn.objects.filter(next_at__lte=now).exists():
            return gone
    raise AssertionError("it never ends")


def night(on: datetime, clinic: Clinic | None = None) -> NightCheck:
    team = factories.team(clinic, name=f"Team {on}")
    return NightCheck.objects.create(
        clinic=team.clinic, team=team, night_on=on.date(), checked_at=on, covered=True, unreachable=0
    )


# --- what goes, and what stays -------------------------------------------------------------------------------------


def test_a_ward_years_later_has_its_records_and_nothing_that_is_kept_for_a_time(healthy: Ward) -> None:
    """With real rows of every kind; what is open stays whole, and the auditor finds nothing wrong."""
    kept_rows = {model: model.objects.count() for model in (Alert, CheckIn, Episode, Quarantine)}
    live = Alert.objects.filter(status__in=Alert.LIVE)
    of_live = Notification.objects.filter(alert__in=live)
    messages, tries = of_live.count(), Attempt.objects.filter(notification__in=of_live).count()
    unread = Quarantine.objects.filter(reviewed_at=None).count()
    assert messages > 0
    assert unread > 0
    assert Notification.objects.exclude(alert__in=live).exists()

    turns(at(100) + 3_000 * DAY)

    assert {model: model.objects.count() for model in kept_rows} == kept_rows
    assert not Notification.objects.exclude(alert__in=live).exists()
    assert (of_live.count(), Attempt.objects.filter(notification__in=of_live).count()) == (messages, tries)
    assert all(len(kept.body) > 0 for kept in Quarantine.objects.filter(reviewed_at=None))
    running = Episode.objects.exclude(status="ended").values("pk")
    assert not Reminder.objects.exclude(episode__in=running).exists()
    assert looks() == set()


@pytest.mark.parametrize(("days", "is_there"), [(364.99, True), (365.01, False)])
def test_the_border_is_where_it_is_said_to_be(days: float, is_there: bool) -> None:
    night(at(0))

    turns(at(0) + days * DAY)

    assert NightCheck.objects.exists() is is_there


def test_a_clinic_keeps_for_as_long_as_it_says_and_others_as_usual() -> None:
    ours, theirs = factories.clinic(), factories.clinic("Harbour Clinic")
    night(at(0), ours)
    night(at(0), theirs)
    retention.keep_for(clinic=ours, kind="nights", days=20, now=at(0))

    turns(at(0) + 30 * DAY)

    assert [row.clinic for row in NightCheck.objects.all()] == [theirs]


def test_a_refused_body_that_was_dealt_with_is_emptied_and_what_was_found_in_it_stays(healthy: Ward) -> None:
    kept = Quarantine.objects.get()
    Quarantine.objects.filter(pk=kept.pk).update(
        reviewed_at=at(30),
        reviewed_by=healthy.ben,
        outcome="dismissed",
        dismissed_as="spoken",
        reason="Spoke.",
    )

    turns(at(30) + 366 * DAY)

    kept.refresh_from_db()
    assert (bytes(kept.body), kept.reason) == (b"", "Spoke.")
    assert kept.assessment.pk


def test_what_a_legal_hold_keeps_stays_until_it_is_lifted(ana: Patient, eve: Patient, team: CareTeam) -> None:
    """Letters, reminders, messages, codes and bodies: whoever asks about it later has to find it."""
    dora = factories.member(team, "Dora Klein", "admin", password=None)
    for patient in (ana, eve):
        enrolment.issue_code(episode=patient.episodes.get(), now=at(90))
    held = ana.episodes.get().uuid
    persons.place_hold(episode_id=held, reason="A dispute.", by=dora, now=at(100))
    had = kept_for_a_time(ana)
    assert all(had.values())

    turns(at(100) + 3_000 * DAY)

    assert kept_for_a_time(ana) == had
    assert not any(kept_for_a_time(eve).values())

    persons.lift_hold(episode_id=held, by=dora, now=at(100) + 3_000 * DAY)
    turns(at(101) + 3_000 * DAY)

    assert not any(kept_for_a_time(ana).values())


def kept_for_a_time(patient: Patient) -> dict[str, int]:
    theirs = {"episode__patient": patient}
    return {
        "letters": Letter.objects.filter(**theirs).count(),
        "reminders": Reminder.objects.filter(**theirs).count(),
        "messages": Notification.objects.filter(alert__episode__patient=patient).count(),
        "codes": EnrolmentCode.objects.filter(redeemed_at=None, **theirs).count(),
        "bodies": sum(len(kept.body) > 0 for kept in Quarantine.objects.filter(**theirs)),
    }


def test_a_browser_that_is_signed_in_stays_signed_in() -> None:
    for number, ends in enumerate((-8, -6, 1)):
        StaffSession.objects.create(
            session_key=f"key-{number}",
            session_data="",
            expire_date=at(0) + ends * DAY,
            began_at=at(0),
            seen_at=at(0),
        )

    turns(at(0))

    assert sorted(StaffSession.objects.values_list("session_key", flat=True)) == ["key-1", "key-2"]


def test_what_the_canary_left_goes_and_its_running_recovery_stays(healthy: Ward) -> None:
    from recovery import canary

    made = canary.ensure(healthy.team.clinic)
    made = canary.renew(made, now=at(100))
    first = made.episode
    from tests.persons.scenes import report

    report(first.devices.get(), 100.1, bladder="new_or_worse")
    settle(100.2)
    canary.close_all(made, now=at(100.3))
    type(made).objects.filter(pk=made.pk).update(began_at=at(-100))
    made = canary.renew(made, now=at(101))
    assert made.episode != first

    turns(at(101) + 15 * DAY)

    assert not CheckIn.objects.filter(episode=first).exists()
    assert not Alert.objects.filter(episode=first).exists()
    assert Episode.objects.get(pk=first.pk).erased_at is not None
    assert Episode.objects.get(pk=made.episode.pk).erased_at is None
    assert CheckIn.objects.exclude(episode=first).exists()


# --- in batches, once, and written down ----------------------------------------------------------------------------


def test_so_many_rows_at_a_time_and_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letting_go, "BATCH", 4)
    clinic = factories.clinic()
    for number in range(10):
        night(at(number), clinic)
    now = at(0) + 400 * DAY
    RetentionTurn.objects.create(kind="nights", next_at=now)

    gone = [retention.let_go_due(now=now) for _ in range(4)]

    assert gone == [4, 4, 2, 0]
    written = AuditEvent.objects.filter(what="let go nights")
    assert [event.detail for event in written.order_by("pk")] == [{"rows": 4}, {"rows": 4}, {"rows": 2}]
    assert {event.clinic for event in written} == {clinic}
    turn = RetentionTurn.objects.get()
    assert (turn.gone, turn.next_at, turn.oldest_at) == (10, now + retention.EVERY, None)


def test_cut_off_in_the_middle_nothing_went_and_the_next_turn_does_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    night(at(0))
    now = at(0) + 400 * DAY
    retention.begin(now=now)
    RetentionTurn.objects.exclude(kind="nights").update(next_at=now + DAY)

    def broken(**_: Any) -> None:
        raise RuntimeError("the line is cut")

    with monkeypatch.context() as cut:
        cut.setattr(audit, "record", broken)
        with pytest.raises(RuntimeError):
            retention.let_go_due(now=now)
        assert NightCheck.objects.count() == 1

    assert retention.let_go_due(now=now) == 1


REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
    CREATE TRIGGER refuse BEFORE DELETE ON recovery_invitation EXECUTE FUNCTION refuse()
"""


def test_a_kind_that_cannot_be_let_go_keeps_no_other_from_it_and_is_tried_again_later(db: None) -> None:
    night(at(0))
    now = at(0) + 400 * DAY
    retention.begin(now=now)
    RetentionTurn.objects.filter(kind="invitations").update(next_at=now - DAY)

    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(REFUSE)
        try:
            done = [watch.cycle(now, sends=False) for _ in range(2 * len(KINDS))]
        finally:
            owner.execute("DROP FUNCTION refuse CASCADE")

    assert sum(each["let go"] for each in done) == 1
    assert sum(each["failed"] for each in done) == 1
    assert RetentionTurn.objects.get(kind="invitations").next_at == now + retention.EVERY


def test_two_watches_at_once_let_each_row_go_once() -> None:
    clinic = factories.clinic()
    for number in range(40):
        night(at(number), clinic)
    now = at(0) + 400 * DAY
    retention.begin(now=now)
    gone: list[int] = []

    def watching() -> None:
        for _ in range(2 * len(KINDS)):
            gone.append(retention.let_go_due(now=now))
        connection.close()

    watches = [threading.Thread(target=watching) for _ in range(2)]
    for each in watches:
        each.start()
    for each in watches:
        each.join(timeout=60)

    assert sum(gone) == 40
    rows = AuditEvent.objects.filter(what="let go nights").values_list("detail__rows", flat=True)
    assert sum(rows) == 40


def test_it_has_its_turn_in_the_watch_and_no_second_one_for_an_hour() -> None:
    night(at(0))
    now = at(0) + 400 * DAY
    retention.begin(now=now)

    done = [watch.cycle(now, sends=False)["let go"] for _ in range(2 * len(KINDS))]

    assert sum(done) == 1
    assert RetentionTurn.objects.filter(next_at=now + retention.EVERY).count() == len(KINDS)


# --- the narrow way, and who says for how long ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM recovery_letter",
        "DELETE FROM recovery_notification",
        "UPDATE recovery_quarantine SET body = ''",
        "SELECT recovery_let_go('letters', now(), 6, 10)",
        "SELECT recovery_let_go('letters', now(), 100, 1001)",
        "SELECT recovery_let_go('patients', now(), 100, 10)",
    ],
)
def test_the_application_has_no_other_way(statement: str) -> None:
    with (
        pytest.raises(Error, match=r"permission denied|nothing is let go|case not found"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_command_says_for_how_long_and_how_old_the_oldest_is() -> None:
    clinic = factories.clinic()
    night(at(0), clinic)
    turns(at(1))
    out = StringIO()

    call_command("retention", clinic=clinic.name.upper(), keep=["nights", "400"], stdout=out)

    assert (
        f"nights: 365 days, {clinic.name}: 400; oldest kept: 2026-03-02; let go so far: 0" in out.getvalue()
    )
    assert AuditEvent.objects.get(what="changed retention").detail == {"kind": "nights", "days": 400}


@pytest.mark.parametrize(
    "keep", [["records", "400"], ["sessions", "400"], ["nights", "6"], ["nights", "long"]]
)
def test_what_a_clinic_cannot_decide_is_refused(keep: list[str]) -> None:
    clinic = factories.clinic()

    with pytest.raises(CommandError):
        call_command("retention", clinic=clinic.name, keep=keep, stdout=StringIO())
    assert not RetentionRule.objects.exists()


def test_each_kind_is_known_to_the_database() -> None:
    assert Letter.objects.count() == 0
    assert turns(at(0)) == 0
    assert set(RetentionTurn.objects.values_list("kind", flat=True)) == set(KINDS)
