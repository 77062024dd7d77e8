"""S4, S10: the database itself shows nothing of a clinic that is not in reach, whoever asks and however
(docs/adr/0031-the-second-wall.md). All of it as the application's role, on connections as the product has them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Model
from django.test import Client

from config.postgres.base import Connection
from recovery import access, alerts, audit, checkins, statements, tenancy
from recovery.auditor import walls
from recovery.models import (
    Alert,
    Assessment,
    AuditEvent,
    DeviceToken,
    Episode,
    Membership,
    Notification,
    Patient,
    StaffSession,
    User,
)
from recovery.models.tenancy import UNFENCED
from recovery.notifications import plan
from services.children import ROOT, environment
from tests import factories
from tests.auditor import ward
from tests.factories import PASSWORD
from tests.security.staff_doors.people import give_password
from tests.signing_in import row_of, session_of, sign_in
from tests.system import System

pytestmark = pytest.mark.django_db(transaction=True)

FENCED = sorted(
    (model for model in apps.get_models() if model._meta.db_table not in UNFENCED),
    key=lambda model: model._meta.db_table,
)
COUNT = "SELECT count(*) FROM {}"


def raw(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(table))
        return int(cursor.fetchone()[0])


def prepared(table: str) -> int:
    return int(statements.fetch_all(COUNT.format(table), [])[0][0])


def counts(model: type[Model]) -> set[int]:
    """By every road that a statement can take."""
    table = model._meta.db_table
    return {model._default_manager.count(), raw(table), prepared(table)}


@pytest.fixture
def two_clinics(transactional_db: None) -> tuple[Episode, Episode]:
    """A recovery in each."""
    here, elsewhere = factories.clinic("Hillside"), factories.clinic("Northgate")
    return tuple(
        factories.episode(factories.team(clinic), name=name)
        for clinic, name in ((here, "Ana"), (elsewhere, "Eve"))
    )  # type: ignore[return-value]


# --- what stands


def test_s04_every_table_has_the_wall_or_a_reason_why_not() -> None:
    """A new table: `fence` of migrations/_walls.py in its migration, or a line with the reason in UNFENCED."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)"
            "  FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        )
        fenced = dict(cursor.fetchall())

    assert {table for table, stands in fenced.items() if not stands} == UNFENCED.keys() & fenced.keys()
    assert UNFENCED.keys() <= fenced.keys()
    assert all(UNFENCED.values())


def test_s04_the_application_neither_owns_a_table_nor_passes_the_wall() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole,"
            "       (SELECT count(*) FROM pg_class WHERE pg_has_role(current_user, relowner, 'MEMBER')"
            "                                        AND relnamespace = 'public'::regnamespace)"
            "  FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False, 0)


@pytest.mark.slow
def test_s04_without_a_clinic_in_reach_there_is_nothing() -> None:
    """In each of the tables, of a ward in which everything happens that may."""
    ward.make()
    tables = [model for model in FENCED if model._default_manager.exists()]

    with tenancy.opened(tenancy.NOTHING):
        shown = {model._meta.db_table: counts(model) for model in tables}
    with tenancy.every_clinic():
        there = {model._meta.db_table: counts(model) for model in tables}

    of_no_clinic = {"recovery_auditevent", "recovery_invitation"}
    assert {table for table, numbers in shown.items() if numbers != {0}} <= of_no_clinic
    assert all(min(numbers) > 0 for numbers in there.values())
    assert len(tables) > 15


def test_s04_a_connection_that_was_told_nothing_sees_nothing(two_clinics: tuple[Episode, Episode]) -> None:
    """Whatever it is told that is no list of clinics is nothing, too."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as bare:
        for told in (None, "", "all", "EVERY", "1", "{}"):
            if told is not None:
                bare.execute("SELECT set_config('recovery.clinics', %s, false)", [told])
            assert bare.execute("SELECT count(*) FROM recovery_patient").fetchone() == (0,)


# --- reading and writing


def test_s04_what_is_of_another_clinic_is_not_there(two_clinics: tuple[Episode, Episode]) -> None:
    mine, theirs = two_clinics

    with tenancy.opened(tenancy.clinic(mine.clinic_id)):
        assert list(Episode.objects.values_list("pk", flat=True)) == [mine.pk]
        assert not Patient.objects.filter(pk=theirs.patient_id).exists()
        assert (raw("recovery_clinic"), prepared("recovery_patient")) == (1, 1)


@pytest.mark.parametrize("in_reach", ["nothing", "the other clinic"])
def test_s04_a_row_that_is_out_of_reach_is_neither_written_nor_changed_nor_deleted(
    two_clinics: tuple[Episode, Episode], in_reach: str
) -> None:
    mine, theirs = two_clinics
    reach = tenancy.NOTHING if in_reach == "nothing" else tenancy.clinic(mine.clinic_id)

    with tenancy.opened(reach):
        with pytest.raises(DatabaseError, match="row-level security"):
            DeviceToken.objects.create(
                clinic_id=theirs.clinic_id, patient_id=theirs.patient_id, episode=theirs, token_hash="0" * 64,
                name="", platform="", created_at=factories.T0,
            )  # fmt: skip
        assert Episode.objects.filter(pk=theirs.pk).update(sequence=F("sequence") + 1) == 0
        with connection.cursor() as cursor:
            cursor.execute("UPDATE recovery_patient SET name = 'x' WHERE id = %s", [theirs.patient_id])
            assert cursor.rowcount == 0
            cursor.execute("DELETE FROM recovery_pause")
            assert cursor.rowcount == 0

    assert Patient.objects.get(pk=theirs.patient_id).name == "Eve"


def test_s04_a_row_is_not_moved_to_another_clinic(two_clinics: tuple[Episode, Episode]) -> None:
    mine, theirs = two_clinics

    with (
        tenancy.opened(tenancy.clinic(mine.clinic_id)),
        pytest.raises(DatabaseError, match="row-level security"),
    ):
        Patient.objects.filter(pk=mine.patient_id).update(clinic_id=theirs.clinic_id)


# --- who asks


def test_s04_a_session_opens_the_clinics_of_its_owner_as_they_are_now(
    two_clinics: tuple[Episode, Episode], client: Client
) -> None:
    mine, _ = two_clinics
    nurse = factories.member(mine.team, password=None)
    client.force_login(nurse, backend="allauth.account.auth_backends.AuthenticationBackend")
    name = row_of(client).session_key

    with tenancy.opened(tenancy.by_session(name)):
        assert list(Episode.objects.values_list("pk", flat=True)) == [mine.pk]
    Membership.objects.filter(user=nurse).update(ended_at=factories.at(1))
    with tenancy.opened(tenancy.by_session(name)):
        assert counts(Episode) == {0}


def test_s15_a_password_alone_opens_no_clinic_at_the_second_wall(
    two_clinics: tuple[Episode, Episode], client: Client
) -> None:
    """Views send whoever gave no second factor away; one that forgot to would have nothing to show."""
    nurse = factories.member(two_clinics[0].team, "Ben Okafor")  # without an app yet: signed in, by half

    give_password(nurse, client)
    half = row_of(client)
    assert (half.user_id, half.is_whole) == (nurse.pk, False)
    with tenancy.opened(tenancy.by_session(half.session_key)):
        assert counts(Episode) == {0}
    sign_in(another := Client(), nurse, PASSWORD)
    with tenancy.opened(tenancy.by_session(row_of(another).session_key)):
        assert counts(Episode) == {1}


def test_s04_a_session_that_a_program_of_the_release_before_began_opens_what_it_did(
    two_clinics: tuple[Episode, Episode],
) -> None:
    """Until the last of them has ended: it begins sessions under their keys, and says of none that it is whole."""
    key = session_of(factories.member(two_clinics[0].team, password=None))
    StaffSession.objects.update(session_key=key, is_whole=False)

    with tenancy.opened(tenancy.by_session(key)):
        assert counts(Episode) == {1}


def test_s04_who_is_not_active_any_more_reaches_nothing(
    two_clinics: tuple[Episode, Episode], client: Client
) -> None:
    nurse = factories.member(two_clinics[0].team, password=None)
    client.force_login(nurse, backend="allauth.account.auth_backends.AuthenticationBackend")
    User.objects.filter(pk=nurse.pk).update(is_active=False)

    with tenancy.opened(tenancy.by_session(row_of(client).session_key)):
        assert counts(Episode) == {0}


def test_s04_a_phone_opens_its_own_clinic_with_the_statement_that_knows_it(
    two_clinics: tuple[Episode, Episode],
) -> None:
    mine, _ = two_clinics
    _, token = factories.phone(mine)

    with tenancy.opened(tenancy.NOTHING):
        assert access.phone(token) is not None
        assert counts(Patient) == {1}
        assert access.phone("of nobody") is None
        assert counts(Patient) == {0}


@pytest.mark.parametrize("secret", ["'; SELECT 1 --", "x' OR true --", "", "\0", "%s", "{1}", "every"])
def test_s04_a_secret_that_is_none_opens_nothing(two_clinics: tuple[Episode, Episode], secret: str) -> None:
    for by in (tenancy.by_session, tenancy.by_phone, tenancy.by_code, tenancy.by_invitation):
        with tenancy.opened(by(secret)):
            assert counts(Patient) == {0}


# --- what is remembered, from wherever it is tried


def remembered(what: str) -> list[int]:
    """In which clinics, as far as they are in reach."""
    return sorted(AuditEvent.objects.filter(what=what).values_list("clinic", flat=True))


def test_s04_what_is_tried_with_an_account_is_remembered_in_each_of_its_clinics_and_read_in_its_own(
    two_clinics: tuple[Episode, Episode],
) -> None:
    """Whoever tries has no clinic in reach, or one of them."""
    mine, theirs = two_clinics
    nurse = factories.member(mine.team, password=None)
    Membership.objects.create(user=nurse, team=theirs.team, role="nurse")

    for reach in (tenancy.NOTHING, tenancy.clinic(mine.clinic_id)):
        with tenancy.opened(reach):
            audit.record_account(what="failed to sign in", now=factories.T0, email=nurse.email)
    with tenancy.opened(tenancy.NOTHING):
        audit.record_account(
            what="failed to sign in",
            now=factories.at(0.1),
            user=nurse,
            at_most_every=timedelta(hours=1),
        )
        assert remembered("failed to sign in") == []
    with tenancy.opened(tenancy.clinic(mine.clinic_id)):
        assert remembered("failed to sign in") == [mine.clinic_id] * 2

    assert remembered("failed to sign in") == sorted([mine.clinic_id, theirs.clinic_id] * 2)


def test_s04_what_somebody_tries_who_has_left_is_remembered_where_they_were(
    two_clinics: tuple[Episode, Episode],
) -> None:
    mine, theirs = two_clinics
    nurse = factories.member(mine.team, password=None)
    Membership.objects.filter(user=nurse).update(ended_at=factories.at(1))

    for reach in (tenancy.NOTHING, tenancy.clinic(theirs.clinic_id)):
        with tenancy.opened(reach):
            audit.record_look(page="patient", now=factories.at(2), user=nurse, status=404)

    assert remembered("refused: patient") == [mine.clinic_id] * 2


# --- connections that are kept, transactions, threads


@pytest.fixture
def a_patient_each(two_clinics: tuple[Episode, Episode]) -> Iterator[tuple[tenancy.Reach, tenancy.Reach]]:
    with tenancy.opened(tenancy.NOTHING):
        yield tenancy.clinic(two_clinics[0].clinic_id), tenancy.clinic(two_clinics[1].clinic_id)


def names() -> list[str]:
    return list(Patient.objects.values_list("name", flat=True))


Reaches = tuple[tenancy.Reach, tenancy.Reach]


def test_s04_nothing_is_inherited_from_who_asked_before(a_patient_each: Reaches) -> None:
    mine, theirs = a_patient_each

    with tenancy.opened(mine):
        assert names() == ["Ana"]
    with tenancy.opened(theirs):
        assert (names(), prepared("recovery_patient")) == (["Eve"], 1)
    assert counts(Patient) == {0}


@transaction.atomic
def look_and_fail(reach: tenancy.Reach) -> None:
    with tenancy.opened(reach):
        assert names() == ["Eve"]
    raise ZeroDivisionError


def test_s04_a_rollback_takes_back_what_the_server_was_told_and_it_is_told_again(
    a_patient_each: Reaches,
) -> None:
    mine, theirs = a_patient_each

    with tenancy.opened(mine):
        with pytest.raises(ZeroDivisionError):
            look_and_fail(theirs)
        assert names() == ["Ana"]
        with transaction.atomic():
            with pytest.raises(ZeroDivisionError):
                look_and_fail(theirs)
            assert names() == ["Ana"]
            with pytest.raises(DatabaseError), transaction.atomic(), tenancy.opened(theirs):
                Patient.objects.extra(where=["1/0 > 0"]).count()
            assert names() == ["Ana"]
        with pytest.raises(DatabaseError), tenancy.opened(theirs):
            Patient.objects.extra(where=["1/0 > 0"]).count()
        assert (names(), prepared("recovery_patient")) == (["Ana"], 1)


def test_s04_many_at_once_and_one_by_one_are_alike(a_patient_each: Reaches) -> None:
    mine, theirs = a_patient_each
    with tenancy.opened(theirs):
        assert names() == ["Eve"]

    with tenancy.opened(mine), connection.cursor() as cursor:
        cursor.executemany("UPDATE recovery_patient SET name = %s", [["Ann"], ["Anne"]])
        assert names() == ["Anne"]
    with tenancy.opened(theirs):
        assert names() == ["Eve"]


def test_s04_a_thread_begins_with_nothing(a_patient_each: Reaches, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenancy, "_unless_said", tenancy.NOTHING)  # as in every program of the product

    def look() -> list[str]:
        try:
            return names()
        finally:
            connection.close()

    with tenancy.opened(a_patient_each[0]), ThreadPoolExecutor(1) as thread:
        assert thread.submit(look).result() == []


# --- tasks


def test_s10_whoever_flags_a_row_reaches_its_clinic_alone(
    two_clinics: tuple[Episode, Episode], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task is called with the number of a row and acts for nobody: it does what is owed of that row, as the watch
    would, and the database keeps it within the row's clinic. Whoever can write to the broker can so do no more than
    have done sooner what is owed anyway."""
    owed = []
    for episode in two_clinics:
        factories.member(episode.team, password=None)
        device, _ = factories.phone(episode)
        report = factories.submission(20, bladder="new_or_worse")
        checkins.submit(device=device, submission=report, now=factories.at(20))
        owed.append(Assessment.objects.get(episode=episode))
    in_reach: list[list[int]] = []
    tell_team = plan.tell_team

    def looking_around(**told: Any) -> list[int]:
        in_reach.append(list(Episode.objects.values_list("pk", flat=True)))
        return tell_team(**told)

    monkeypatch.setattr(plan, "tell_team", looking_around)
    with tenancy.every_clinic():
        alerts.flag(assessment_id=owed[1].pk, by="celery", now=factories.at(20))

        assert in_reach == [[two_clinics[1].pk]]
        assert list(Alert.objects.values_list("episode", flat=True)) == [two_clinics[1].pk]
        assert set(Notification.objects.values_list("clinic", flat=True)) == {two_clinics[1].clinic_id}
        assert counts(Episode) == {2}


def test_s10_a_task_that_is_called_with_a_row_of_nobody_does_nothing(
    two_clinics: tuple[Episode, Episode],
) -> None:
    assert alerts.flag(assessment_id=987_654_321, by="celery", now=factories.at(20)) == []
    assert not Alert.objects.exists()


# --- what it costs


def test_s04_telling_the_server_costs_a_report_and_a_board_no_message(
    two_clinics: tuple[Episode, Episode], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes with a statement that runs anyway, or the statement tells it itself."""
    mine, _ = two_clinics
    _, token = factories.phone(mine)
    nurse = factories.member(mine.team, password=None)
    client.force_login(nurse, backend="allauth.account.auth_backends.AuthenticationBackend")
    alone: list[tenancy.Reach] = []
    tell = Connection.tell

    def counted(self: Connection) -> None:
        if self.told != tenancy.now():
            alone.append(tenancy.now())
        tell(self)

    monkeypatch.setattr(Connection, "tell", counted)

    assert client.get("/board/list", headers={"HX-Request": "true"}).status_code == 200
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert alone == []


# --- while a release replaces the one before


def test_the_wall_is_taken_down_and_put_up_again_by_command(two_clinics: tuple[Episode, Episode]) -> None:

    def turn(way: str) -> None:
        done = subprocess.run([sys.executable, "manage.py", "wall", way], cwd=ROOT, env=environment())
        assert done.returncode == 0

    try:
        turn("down")
        with tenancy.opened(tenancy.NOTHING):
            assert counts(Patient) == {2}
        assert "row security of recovery_patient" in {found.detail for found in walls.look()}
    finally:
        turn("up")
    with tenancy.opened(tenancy.NOTHING):
        assert counts(Patient) == {0}
    assert list(walls.look()) == []


@pytest.mark.slow
def test_where_there_are_clinics_the_wall_waits_for_the_last_program_of_the_release_before() -> None:
    """The migration comes first, with those programs running: they name no clinic, and go on."""
    with System() as system, psycopg.connect(system.database_url, autocommit=True) as of_the_release_before:

        def seen() -> int:
            (row,) = of_the_release_before.execute("SELECT count(*) FROM recovery_clinic").fetchall()
            return int(row[0])

        with system.django():
            factories.clinic()
        system.manage("migrate", "recovery", "0035", "--database=owner", "--verbosity=0", "--skip-checks")
        system.manage("migrate", "--database=owner", "--verbosity=0", "--skip-checks")
        assert seen() == 1
        system.manage("wall", "up")
        assert seen() == 0
        system.manage("wall", "down")
        assert seen() == 1


@pytest.mark.django_db(transaction=True)
def test_s04_a_broken_transaction_that_is_committed_leaves_the_clinic_of_before_nowhere() -> None:
    """PostgreSQL makes a rollback of it and says nothing: what was told inside it is forgotten."""
    ana = factories.episode(name="Ana")
    eve = factories.episode(factories.team(factories.clinic("Other")), name="Eve")
    names = Patient.objects.values_list("name", flat=True)
    with tenancy.opened(tenancy.clinic(ana.clinic_id)):
        assert list(names.all()) == ["Ana"]
    with tenancy.opened(tenancy.clinic(eve.clinic_id)):
        with transaction.atomic(), connection.cursor() as cursor:
            assert list(names.all()) == ["Eve"]
            with suppress(DatabaseError):
                cursor.execute("SELECT 1 / 0")
        assert list(names.all()) == ["Eve"]
