"""One person is erased by two, completely, and nothing of anybody else (S49)."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from recovery import audit, enrolment, persons
from recovery.audit import chain
from recovery.models import (
    AuditEvent,
    CareTeam,
    CheckIn,
    Clinic,
    DeviceToken,
    Episode,
    Erasure,
    LegalHold,
    Patient,
    User,
)
from recovery.persons.shape import every
from services.children import ROOT, environment
from tests import factories
from tests.auditor.ward import looks
from tests.factories import at
from tests.persons.scenes import ANA, EVE, WORDS, report
from tests.waiting import behind

pytestmark = pytest.mark.django_db

DECIDED = "Enrolled by mistake: never our patient."


@pytest.fixture
def dee(team: CareTeam) -> User:
    return factories.member(team, "Dee Lund", "admin", password=None)


@pytest.fixture
def dora(team: CareTeam) -> User:
    return factories.member(team, "Dora Klein", "doctor", password=None)


def episode_of(patient: Patient) -> Episode:
    return patient.episodes.get()


def ask(patient: Patient, by: User, **more: Any) -> Erasure:
    given = {"scope": "all", "reason": "By letter of the patient.", "no_duty": DECIDED, "now": at(100)}
    return persons.ask(episode_id=episode_of(patient).uuid, by=by, **given | more)


def confirm(asked: Erasure, by: User, **more: Any) -> Erasure:
    theirs = episode_of(asked.patient).uuid
    return persons.confirm(episode_id=theirs, erasure_id=asked.uuid, by=by, **{"now": at(101)} | more)


def erase(patient: Patient, dee: User, dora: User, **more: Any) -> Erasure:
    return confirm(ask(patient, dee, **more), dora)


def tables_with(text: str) -> set[str]:
    """Every table of the database that has it in any column."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = set()
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" AS t WHERE t::text LIKE %s)', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def told(patient: Patient) -> dict[str, Any]:
    """The export, but for when it was made and that it was."""
    with transaction.atomic():
        document = json.loads(persons.as_json(persons.export(patient, by=None, now=at(100))))
        transaction.set_rollback(True)
    return document


# --- what goes, and what stays -------------------------------------------------------------------------------------


def test_s49_who_it_was_and_what_was_reported_is_nowhere(ana: Patient, dee: User, dora: User) -> None:
    marks = [ana.name, ana.hospital_number, WORDS[ANA]]
    assert all(tables_with(mark) for mark in marks)

    erase(ana, dee, dora)

    assert {mark: tables_with(mark) for mark in marks} == {mark: set() for mark in marks}
    ana.refresh_from_db()
    assert (ana.name, ana.born_on.year, ana.phone, ana.caregiver_name) == ("Erased", 1900, "", "")


def test_s49_each_table_is_empty_of_them_but_those_that_are_kept_with_a_reason(
    ana: Patient, dee: User, dora: User
) -> None:
    episode = episode_of(ana)
    erase(ana, dee, dora)

    document = told(ana)
    left = {part.name for part in every() if rows(document, part.name)}
    assert left == {part.name for part in every() if part.model in persons.KEPT_WHEN_ERASED}
    episode.refresh_from_db()
    assert (episode.procedure_at.year, episode.levels, episode.baseline) == (2000, [], None)


def rows(document: dict[str, Any], name: str) -> list[Any]:
    found: list[Any] = []
    for key, value in document.items():
        if isinstance(value, list):
            found += value if key == name else []
            found += [row for each in value if isinstance(each, dict) for row in rows(each, name)]
    return found


def test_s49_nothing_of_anybody_else_is_touched(ana: Patient, eve: Patient, dee: User, dora: User) -> None:
    before = told(eve) | {"made_at": None}

    erase(ana, dee, dora)

    assert told(eve) | {"made_at": None} == before
    assert WORDS[EVE] in json.dumps(before)


def test_s49_who_did_what_stays_and_tells_nothing_clinical(ana: Patient, dee: User, dora: User) -> None:
    episode = episode_of(ana)
    before = AuditEvent.objects.filter(episode=episode).count()

    asked = erase(ana, dee, dora)

    assert AuditEvent.objects.filter(episode=episode).count() == before > 10
    event = AuditEvent.objects.get(what="erased person")
    assert (event.user, event.subject_id) == (dora, asked.uuid)
    assert event.detail == {"scope": "all", "rows": sum(asked.removed.values())}
    assert (asked.asked_by, asked.confirmed_by, asked.done_at) == (dee, dora, at(101))
    assert asked.removed["checkin"] >= 2


def test_before_the_time_is_over_what_no_duty_keeps_is_erased_and_the_record_stays(
    ana: Patient, dee: User, dora: User
) -> None:
    reports = CheckIn.objects.filter(patient=ana).count()

    erase(ana, dee, dora, scope="contact", no_duty="")

    document = told(ana)
    assert CheckIn.objects.filter(patient=ana).count() == reports
    assert document["person"]["name"] == ana.name
    assert (document["person"]["phone"], document["person"]["caregiver_phone"]) == ("", "")
    [recovery] = document["recoveries"]
    assert [recovery[part] for part in ("reminders", "letters", "wishes_for_reminders")] == [[], [], []]
    assert {phone["name"] for phone in recovery["phones"]} == {""}


def test_the_numbers_of_before_a_change_go_with_those_of_today(ana: Patient, dee: User, dora: User) -> None:
    """They are sealed where what was changed is remembered, so nothing but the document can tell."""
    was = {name: getattr(ana, name) for name in enrolment.CONTACT}
    new = was | {"phone": "+44 20 7946 0999", "caregiver_name": "", "caregiver_phone": ""}
    enrolment.change_contacts(episode_id=episode_of(ana).uuid, contacts=new, by=dee, now=at(99))
    numbers = {was["phone"], was["caregiver_phone"]}
    assert {number for number in numbers if number and number in json.dumps(told(ana))} == numbers

    erase(ana, dee, dora, scope="contact", no_duty="")

    left = json.dumps(told(ana))
    assert not any(number in left for number in numbers)
    assert "changed contacts" in left


def test_the_phone_is_let_in_no_more(team: CareTeam, dee: User, dora: User) -> None:
    phone, token = factories.phone(factories.episode(team))
    end(phone.episode)

    erase(phone.patient, dee, dora)

    from recovery import access

    assert access.phone(token) is None
    assert access.signed_out_phone(token) is None


def test_they_can_come_again_as_somebody_new(ana: Patient, team: CareTeam, dee: User, dora: User) -> None:
    number = ana.hospital_number
    erase(ana, dee, dora)

    again = factories.episode(
        team,
        patient=enrolment.NewPatient(name=ana.name, born_on=ana.born_on, hospital_number=number),
    )

    assert again.patient_id != ana.pk


# --- the invariants hold -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_auditor_finds_nothing_and_the_chain_of_the_audit_is_whole(
    ana: Patient, dee: User, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "EVERY", timedelta())
    assert looks() == set()
    audit.seal_owed(limit=10, now=at(100))

    erase(ana, dee, dora)

    assert looks() == set()
    audit.seal_owed(limit=10, now=at(102))
    assert [flaw.what for flaw in audit.verify()] == []


def test_nobody_sees_the_empty_row_on_a_page(ana: Patient, ben: User, dee: User, dora: User) -> None:
    from recovery import access

    assert access.episodes(ben).filter(patient=ana).exists()
    erase(ana, dee, dora)
    assert not access.episodes(ben).filter(patient=ana).exists()
    with pytest.raises(Episode.DoesNotExist):
        persons.answered_for(episode_of(ana).uuid, dee)


# --- two people, and what stands against it ------------------------------------------------------------------------


def test_who_asked_cannot_confirm(ana: Patient, dee: User) -> None:
    asked = ask(ana, dee)

    with pytest.raises(persons.ErasureRefused, match="asked for it yourself"):
        confirm(asked, dee)
    assert Patient.objects.get(pk=ana.pk).name == ANA


def test_a_nurse_cannot_and_a_stranger_finds_nobody(ana: Patient, team: CareTeam, dora: User) -> None:
    nurse = factories.member(team, "Nia Boateng", password=None)
    cleo = factories.member(factories.team(factories.clinic("Harbour")), "Cleo Marsh", "admin", password=None)

    for stranger in (nurse, cleo):
        with pytest.raises(Episode.DoesNotExist):
            ask(ana, stranger)
    with pytest.raises(persons.ErasureRefused, match="Only an administrator"):
        ask(ana, dora)


def test_a_record_is_not_erased_before_its_time_unless_the_clinic_decides_so(ana: Patient, dee: User) -> None:
    with pytest.raises(persons.ErasureRefused, match="has to keep the record until 5 March 2036"):
        ask(ana, dee, no_duty=" ")

    assert ask(ana, dee).no_duty == DECIDED


@pytest.mark.parametrize(("days", "is_over"), [(-1, False), (1, True)])
def test_the_time_is_over_when_it_is_over(
    ana: Patient, dee: User, dora: User, days: int, is_over: bool
) -> None:
    Clinic.objects.update(record_years=2)
    Episode.objects.filter(patient=ana).update(ended_at=at(62))
    then = at(62).replace(year=at(62).year + 2) + timedelta(days=days)

    if not is_over:
        with pytest.raises(persons.ErasureRefused, match="has to keep the record"):
            ask(ana, dee, no_duty="", now=then)
        return
    asked = ask(ana, dee, no_duty="", now=then)
    confirm(asked, dora, now=then)
    assert Patient.objects.get(pk=ana.pk).name == "Erased"


def test_a_legal_hold_stands_above_all(ana: Patient, dee: User, dora: User) -> None:
    asked = ask(ana, dee)
    persons.place_hold(episode_id=episode_of(ana).uuid, reason="An inquiry.", by=dee, now=at(100))

    with pytest.raises(persons.ErasureRefused, match="legal hold"):
        confirm(asked, dora)
    persons.lift_hold(episode_id=episode_of(ana).uuid, by=dee, now=at(102))
    confirm(asked, dora)
    assert LegalHold.objects.filter(patient=ana).count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_somebody_who_is_just_being_erased_nothing_is_promised(
    team: CareTeam, dee: User, dora: User
) -> None:
    """Whoever places a hold at that moment is not told that everything is kept."""
    episode = factories.episode(team)
    end(episode)
    asked = ask(episode.patient, dee)

    with pytest.raises(Episode.DoesNotExist):
        behind(
            lambda: confirm(asked, dora),
            lambda: persons.place_hold(episode_id=episode.uuid, reason="An inquiry.", by=dee, now=at(101)),
        )

    assert not LegalHold.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_handed_out_of_somebody_who_is_just_being_erased_is_whole(
    team: CareTeam, dee: User, dora: User
) -> None:
    """Of all tables as they are before it, or as they are after it."""
    episode = factories.episode(team)
    end(episode)
    asked = ask(episode.patient, dee)

    document = behind(
        lambda: confirm(asked, dora), lambda: persons.export(episode.patient, by=dee, now=at(101))
    )

    assert document["person"]["name"] == "Erased"
    assert document["erasures_asked_for"][0]["done_at"] is not None


def test_what_runs_or_is_open_is_not_erased(team: CareTeam, dee: User, dora: User) -> None:
    phone, _ = factories.phone(factories.episode(team))
    with pytest.raises(persons.ErasureRefused, match="still runs"):
        ask(phone.patient, dee)
    end(phone.episode)
    asked = ask(phone.patient, dee)
    report(phone, 90, bleeding="oozing")  # late, after the end

    with pytest.raises(persons.ErasureRefused, match="still open"):
        confirm(asked, dora)
    assert CheckIn.objects.filter(patient=phone.patient).count() == 1


def test_what_was_withdrawn_is_done_by_nobody(ana: Patient, dee: User, dora: User) -> None:
    asked = ask(ana, dee)
    persons.withdraw(episode_id=episode_of(ana).uuid, erasure_id=asked.uuid, by=dora, now=at(100))

    with pytest.raises(persons.ErasureRefused, match="withdrawn, or done already"):
        confirm(asked, dora)
    assert ask(ana, dee).pk != asked.pk
    with pytest.raises(persons.ErasureRefused, match="already"):
        ask(ana, dee)


def end(episode: Episode) -> None:
    Episode.objects.filter(pk=episode.pk).update(status="ended", ended_at=at(80), next_due_at=None)


# --- the narrow way ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT recovery_remove_person(1, true)",
        "UPDATE recovery_erasure SET done_at = now()",
        "UPDATE recovery_erasure SET scope = 'all'",
        "DELETE FROM recovery_erasure",
        "DELETE FROM recovery_legalhold",
    ],
)
def test_the_application_has_no_other_way(db: None, statement: str) -> None:
    with pytest.raises(Error, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_two_have_not_confirmed_is_not_done(ana: Patient, dee: User) -> None:
    asked = ask(ana, dee)

    with connection.cursor() as cursor:
        cursor.execute("SELECT recovery_erase(%s)", [asked.uuid])
        assert cursor.fetchone() == ("not-confirmed",)
    assert Patient.objects.get(pk=ana.pk).name == ANA


def test_half_an_erasure_is_none(
    ana: Patient, dee: User, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows fails: nothing was erased, and it can be confirmed again."""
    asked = ask(ana, dee)
    before = told(ana) | {"made_at": None}

    def broken(**_: Any) -> None:
        raise RuntimeError("the line is cut")

    with monkeypatch.context() as cut:
        cut.setattr(audit, "record", broken)
        with pytest.raises(RuntimeError):
            confirm(asked, dora)

    assert told(ana) | {"made_at": None} == before
    confirm(asked, dora)
    assert Patient.objects.get(pk=ana.pk).name == "Erased"


# --- after a restore -----------------------------------------------------------------------------------------------


def listed() -> str:
    out = StringIO()
    call_command("erased", stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_who_was_erased_is_erased_again_after_a_restore(
    ana: Patient, eve: Patient, dee: User, dora: User, tmp_path: Path
) -> None:
    """The list is kept apart; in what was restored the person is there again."""
    kept = tmp_path / "erased"
    with transaction.atomic():
        erase(ana, dee, dora)
        kept.write_text(listed())
        transaction.set_rollback(True)
    assert Patient.objects.get(pk=ana.pk).name == ANA
    assert kept.read_text() == f"{ana.uuid} all\n"

    said = manage("erased", "--again", str(kept))

    assert "1 of 1 were there" in said
    assert Patient.objects.get(pk=ana.pk).name == "Erased"
    assert not DeviceToken.objects.filter(patient=ana, revoked_at=None).exists()
    assert Patient.objects.get(pk=eve.pk).name == EVE
    manage("erased", "--again", str(kept))  # a second time changes nothing


def manage(*words: str) -> str:
    """A command beside the service, which has the owner's password."""
    urls = {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment(**urls), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_no_such_list_is_refused_before_anything_is_done(db: None, tmp_path: Path) -> None:
    kept = tmp_path / "erased"
    kept.write_text("4711 all\n")

    with pytest.raises(CommandError, match="Line 1"):
        call_command("erased", again=kept)


@pytest.mark.parametrize("content", [None, "4711 all\n".encode("utf-16")])
def test_a_list_that_cannot_be_read_is_said(db: None, tmp_path: Path, content: bytes | None) -> None:
    kept = tmp_path / "erased"
    if content is not None:
        kept.write_bytes(content)

    with pytest.raises(CommandError, match=r"Nothing was erased\."):
        call_command("erased", again=kept)


def test_a_list_may_begin_with_the_mark_of_its_encoding(db: None, tmp_path: Path) -> None:
    kept, told = tmp_path / "erased", StringIO()
    kept.write_text(f"\ufeff{uuid4()} all\r\n \r\n", encoding="utf-8")

    call_command("erased", again=kept, stdout=told)

    assert told.getvalue().startswith("0 of 1 were there")
