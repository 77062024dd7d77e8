"""Who has a copy of the database reads nothing that anybody wrote in their own words (S48)."""

import json
import os
import subprocess
import sys
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.apps import apps
from psycopg import sql
from psycopg.types.json import Jsonb
from pytest_django import Settings

from recovery import (
    alerts,
    checkins,
    corrections,
    devices,
    enrolment,
    episodes,
    identity,
    persons,
    procedure_time,
    quarantine,
    reminders,
)
from recovery.management.commands.reseal import sealed_columns
from recovery.models import Alert, AlertEvent, CheckIn, DeviceToken, EpisodeEvent, Quarantine, User
from recovery.models.sealed import LOST_TEXT, SealedBytesField
from services import binaries
from services.children import ROOT
from tests import databases, factories
from tests.factories import ALL_CLEAR, BASELINE, at, submission
from tests.operations.ward import as_next_request, close, correct, flag_all, report
from tests.services_plugin import current

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


class Pen:
    """Writes what is looked for: something else in each place."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        return f"{self.written.setdefault(place, f'marker{uuid4().hex[:12]}')}, in “my” own words \u2603"


def copy_of_the_database() -> str:
    """As whoever administers the server would take it, or steal it."""
    url = databases.in_database(current().admin_url, os.environ["DATABASE_OWNER_URL"])
    command = [str(binaries.postgres() / "pg_dump"), "--dbname", url]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()


def everything_read() -> str:
    """Each row as the program reads it."""
    rows = [
        row
        for model in apps.get_app_config("recovery").get_models()
        for row in model._default_manager.values()
    ]
    return json.dumps(rows, default=lambda value: value.decode() if isinstance(value, bytes) else str(value))


def reports(pen: Pen, ana: DeviceToken, ben: User) -> None:
    """Check-ins: sent, half-finished, corrected, overtaken, withdrawn, told by telephone, refused."""
    first = report(ana, 20, bleeding="oozing", free_text=pen("a check-in"))
    correct(first, received=21, bleeding="oozing", free_text=pen("a correction"))
    half = report(ana, 22, completed=False, free_text=pen("a half-finished check-in"))
    correct(half, received=22.5, free_text=pen("the rest of a check-in"))
    late = submission(23, free_text=pen("an original that was overtaken"))
    overtaking = submission(23, client_id=late.client_id, free_text=pen("a correction that overtook"))
    checkins.correct(device=as_next_request(ana), submission=overtaking, base_revision=1, now=at(23.1))
    checkins.submit(device=as_next_request(ana), submission=late, now=at(23.2))
    gone = submission(24, free_text=pen("a check-in that was withdrawn"))
    checkins.submit(device=as_next_request(ana), submission=gone, now=at(24))
    checkins.withdraw(device=as_next_request(ana), client_id=gone.client_id, now=at(24.1))
    checkins.take_by_telephone(
        episode_id=ana.episode.uuid, client_id=uuid4(), answers=ALL_CLEAR | {"free_text": pen("a call")},
        observed_at=at(25), completed=True, by=ben, now=at(25.1),
    )  # fmt: skip
    by_hand, kept = refused(pen, ana, "by hand", 26), refused(pen, ana, "dismissed", 27)
    quarantine.judge_by_hand(
        kept_id=by_hand, answers=ALL_CLEAR | {"free_text": pen("what was read by hand")}, observed_at=at(26),
        completed=True, by=ben, now=at(27.1),
    )  # fmt: skip
    quarantine.dismiss(kept_id=kept, dismissed_as="spoken", reason=pen("a dismissal"), by=ben, now=at(27.2))
    flag_all(at(27.2))


def refused(pen: Pen, ana: DeviceToken, name: str, hours: float) -> Any:
    quarantine.keep(
        device=as_next_request(ana), body=pen(f"a refused body, {name}").encode(), code="invalid", problems=[],
        readable=True, observed_at=at(hours), now=at(hours),
        readings=[ALL_CLEAR | {"free_text": pen(f"what could be read, {name}")}],
    )  # fmt: skip
    return Quarantine.objects.latest("pk").uuid


def deeds_on_alerts(pen: Pen, ana: DeviceToken, ben: User, dora: User) -> None:
    report(ana, 28, bleeding="oozing", wants_call="yes")
    ooze = Alert.objects.get(rule="BLEED-OOZE", status="open")
    other = Alert.objects.filter(status="open").exclude(rule="BLEED-OOZE").latest("pk")
    alerts.ask(alert_id=ooze.uuid, to=dora.uuid, by=ben, note=pen("a request"), now=at(28.1))
    alerts.record_contact(
        alert_id=ooze.uuid, by=ben, reached=True, by_what="phone", note=pen("a contact"), now=at(28.2)
    )
    alerts.add_note(alert_id=ooze.uuid, by=ben, note=pen("a note on an alert"), now=at(28.3))
    alerts.mute(alert_id=ooze.uuid, until=at(90), reason=pen("a mute"), by=ben, now=at(28.4))
    close(ooze, ben, 28.5, note=pen("a closing"), tell="own", tell_words=pen("words for the patient"))
    close(other, ben, 28.6, noise="other", note=pen("why it was noise"))


def deeds_on_the_recovery(pen: Pen, ana: DeviceToken, ben: User, dora: User) -> None:
    uuid = ana.episode.uuid
    common: dict[str, Any] = {"episode_id": uuid, "by": dora}
    episodes.add_note(note=pen("a note on the patient"), now=at(29), **common)
    corrections.correct_baseline(
        baseline=BASELINE | {"pain_now": 6},
        baseline_at=at(-1),
        reason=pen("a baseline"),
        now=at(29.1),
        **common,
    )
    corrections.correct_risk_factors(
        risk_factors=["tumour"],
        blood_thinner_restart_h=None,
        reason=pen("a risk factor"),
        now=at(29.2),
        **common,
    )
    procedure_time.change(
        procedure_at=at(-1), time_estimated=False, reason=pen("a procedure time"), now=at(29.3), **common
    )
    who = ana.episode.patient
    identity.correct(
        name="Ana Whitfield-Lind", born_on=who.born_on, hospital_number=who.hospital_number, levels=["L1"],
        reason=pen("an identity"), now=at(29.4), **common,
    )  # fmt: skip
    for notes in ("how to call", "how to call now"):  # the first stands in the history then
        enrolment.change_contacts(contacts=contacts_with(pen(notes)), now=at(29.5), **common)
    reminders.choose_for(
        chosen=reminders.Chosen(channel="email", address=f"{pen('an address').partition(',')[0]}@example.org"),
        now=at(29.6), **common,
    )  # fmt: skip
    devices.revoke(device_id=ana.uuid, reason=pen("a phone signed out"), now=at(29.7), **common)
    episodes.pause(reason=pen("a pause"), now=at(30), **common)
    episodes.resume(reason=pen("going on"), now=at(31), **common)
    episodes.extend(until=at(24 * 100), reason=pen("longer"), now=at(32), **common)
    episodes.end(reason=pen("the end"), now=at(33), **common)


def asked_for(pen: Pen, ana: DeviceToken, dee: User) -> None:
    """What stands about the person rather than about the recovery."""
    common: dict[str, Any] = {"episode_id": ana.episode.uuid, "by": dee, "now": at(34)}
    persons.ask(scope="all", reason=pen("an erasure"), no_duty=pen("why it may be erased"), **common)
    persons.place_hold(reason=pen("why it is kept"), **common)


def contacts_with(notes: str) -> dict[str, str]:
    return {
        "phone": "+44 20 7946 0000", "language": "en", "caregiver_name": "", "caregiver_phone": "",
        "call_first": "patient", "call_notes": notes,
    }  # fmt: skip


@pytest.fixture
def ana() -> DeviceToken:
    return factories.phone(factories.episode())[0]


@pytest.fixture
def ben(ana: DeviceToken) -> User:
    return factories.member(ana.episode.team, "Ben Okafor")


@pytest.fixture
def dora(ana: DeviceToken) -> User:
    return factories.member(ana.episode.team, "Dora Klein", "doctor")


def test_s48_a_dump_of_the_database_holds_nothing_that_anybody_wrote(
    ana: DeviceToken, ben: User, dora: User
) -> None:
    pen = Pen()
    reports(pen, ana, ben)
    deeds_on_alerts(pen, ana, ben, dora)
    deeds_on_the_recovery(pen, ana, ben, dora)
    asked_for(pen, ana, factories.member(ana.episode.team, "Dee Novak", "admin"))
    assert len(pen.written) > 30

    dump, read = copy_of_the_database(), everything_read()

    assert "Ana Whitfield-Lind" in dump, "what is not sealed is found"
    assert [place for place, marker in pen.written.items() if marker in dump] == []
    unread = [place for place, marker in pen.written.items() if marker not in read]
    assert unread == ["an address"], (
        "each can be read by the program; an address is unsealed by who sends alone"
    )


def test_s48_what_was_written_before_there_were_seals_is_read_and_then_sealed(
    ana: DeviceToken, ben: User
) -> None:
    """As an older release left it."""
    pen = Pen()
    reports(pen, ana, ben)
    ooze = Alert.objects.get(rule="BLEED-OOZE", status="open")
    alerts.add_note(alert_id=ooze.uuid, by=ben, note=pen("a note"), now=at(28))
    episodes.add_note(episode_id=ana.episode.uuid, note=pen("a note on the patient"), by=ben, now=at(28))
    before = {row.pk: as_it_stands(row) for row in CheckIn.objects.all()}
    laid_open()
    assert found(pen) == {place for place in pen.written if not place.startswith("a refused body")}
    assert set(pen.written.values()) == {
        marker for marker in pen.written.values() if marker in everything_read()
    }

    reseal()
    reseal()

    assert found(pen) == set()
    assert {row.pk: as_it_stands(row) for row in CheckIn.objects.all()} == before
    assert AlertEvent.objects.get(kind="noted").detail["note"] == pen("a note")
    assert EpisodeEvent.objects.get(what=episodes.NOTE).reason == pen("a note on the patient")


def test_s48_words_of_a_lost_key_say_so_and_what_is_no_text_is_left_out(
    ana: DeviceToken, ben: User, settings: Settings
) -> None:
    report(ana, 20, free_text="My own words.")
    enrolment.change_contacts(episode_id=ana.episode.uuid, contacts=contacts_with("x"), by=ben, now=at(21))
    episodes.add_note(episode_id=ana.episode.uuid, note="My own words.", by=ben, now=at(22))

    settings.SECRET_KEY = "another key, and the one before it is lost"

    answers = CheckIn.objects.get().answers
    changed, noted = EpisodeEvent.objects.order_by("id")
    assert (answers["free_text"], answers["pain_now"]) == (LOST_TEXT, 2)
    assert (noted.reason, changed.was) == (LOST_TEXT, {"call_notes": ""})


def as_it_stands(row: CheckIn) -> Any:
    return row.answers, row.fingerprint, row.pain, row.temperature_c, row.reported


def found(pen: Pen) -> set[str]:
    dump = copy_of_the_database()
    return {place for place, marker in pen.written.items() if marker in dump}


def laid_open() -> None:
    """Everything that is sealed and can be told from what is not, as it stood before there were seals."""
    url = databases.in_database(current().admin_url, os.environ["DATABASE_OWNER_URL"])
    with psycopg.connect(url, autocommit=True) as admin:
        for column in sealed_columns():
            if column.kind is None or isinstance(column.kind, SealedBytesField):
                continue
            table, key, name = (sql.Identifier(part) for part in column[:3])
            for pk, stored in admin.execute(
                sql.SQL("SELECT {}, {} FROM {}").format(key, name, table)
            ).fetchall():
                plain = column.kind.as_read(stored)
                value = plain if isinstance(plain, str) else Jsonb(plain)
                admin.execute(
                    sql.SQL("UPDATE {} SET {} = %s WHERE {} = %s").format(table, name, key), [value, pk]
                )


def reseal() -> None:
    """As the owner of the tables, in a process of its own, as docs/security.md says."""
    command = [sys.executable, "manage.py", "reseal"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
