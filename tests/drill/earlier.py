"""The drill of what no backup holds. The disk is lost, and so is the log since the last piece that was kept: what was
answered since is on the phones alone, and who was erased since is there again, until the list that is kept beside the
backups is gone through."""

import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from recovery import clock, enrolment, episodes, persons
from recovery.models import Episode
from tests import factories
from tests.drill import disaster
from tests.drill.disaster import OtherDisk
from tests.drill.drill import assert_goes_on
from tests.faults.aftermath import assert_each_report_is_kept_once, assert_invariants
from tests.faults.conftest import LEASE_S, PROGRAMS
from tests.faults.phones import Phones
from tests.faults.scene import Patient, Scene
from tests.system import System
from tests.waiting import wait_until

GONE, NUMBER = "Ida Fernweh", "H-FERNWEH"
"""Of whom nothing may come back."""

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
HAS = "SELECT EXISTS (SELECT FROM {} AS t WHERE t::text LIKE ANY(%s))"


@dataclass(frozen=True)
class Outcome:
    answered: int
    """Reports that were, before the disk was lost."""

    restored: int
    """Of these, before the phones sent them again."""

    lost_s: float
    """From the last report that was restored until nothing reached the other disk any more."""

    back_after_s: float
    """From the loss of the disk until the team was told of a new red flag."""


def drill_to_an_earlier_time(
    *, patients: int, seconds: float, disk: OtherDisk, directory: Path, say: Callable[[str], None]
) -> Outcome:
    """`seconds` are reported in before nothing reaches the other disk any more; what it held then is copied into
    `directory`. Raises AssertionError where something is missing, or somebody is back."""
    with System(postgres=disk.settings, DELIVERY_LEASE_S=LEASE_S) as system:
        phones, person = Phones(Scene.of(system, patients=patients)), _enrolled(system)
        system.start(*PROGRAMS)
        theirs = Phones(Scene(system, (person,)))
        theirs.send_until_taken(theirs.report(person, {}))
        backup = disaster.back_up(system, disk)
        with phones.reporting():
            time.sleep(seconds)
            cut_off_at, older = clock.now(), disaster.copy_of(disk, directory / "log")
        phones.scene.wait_until_quiet()
        epoch, sent = epoch_of(system, phones), _sent(system)
        _erase(system, person)
        assert _tables_with_them(system) == set()
        listed = disk.backups / "erased.list"
        listed.write_text(system.manage("erased"))

        disaster.lose_the_disk(system)
        began = time.monotonic()
        say(
            f"the disk is lost, and of the log what was not kept: {len(phones.reports)} reports were answered"
        )
        disaster.restore(system, backup, older)
        disaster.open_again(system)
        [(restored, latest)] = system.rows("SELECT count(*), max(received_at) FROM recovery_checkin")
        forgotten = sent - _sent(system)
        assert _tables_with_them(system), "nobody is back: this shows nothing"
        say(system.manage("erased", "--again", str(listed)).strip())
        assert _tables_with_them(system) == set()
        system.restore(*PROGRAMS)
        wait_until(system.answers)
        assert_goes_on(system)
        back_after_s = time.monotonic() - began

        assert epoch_of(system, phones) != epoch
        for report in phones.reports:  # the rule of docs/api.md
            phones.send_until_taken(report)
        assert_each_report_is_kept_once(phones)
        assert_invariants(
            phones, deaths=forgotten
        )  # a message whose sending is forgotten leaves again, under its key
        assert epoch_of(system, phones) == epoch_of(system, phones)
        assert _tables_with_them(system) == set()
        say("the phones have sent again what was lost, and nobody who was erased is back")
        lost_s = (cut_off_at - latest).total_seconds()
        return Outcome(len(phones.reports) + 1, restored, lost_s, back_after_s)


def epoch_of(system: System, phones: Phones) -> str:
    token = phones.scene.patients[0].token
    request = urllib.request.Request(f"{system.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=20) as answered:
        return str(answered.headers["Recovery-Epoch"])


def _sent(system: System) -> int:
    [(count,)] = system.rows("SELECT count(*) FROM recovery_notification WHERE status = 'sent'")
    return int(count)


def _enrolled(system: System) -> Patient:
    with system.django():
        done_at = clock.now() - timedelta(minutes=30)
        patient = enrolment.NewPatient(name=GONE, born_on=date(1948, 6, 1), hospital_number=NUMBER)
        times = {"procedure_at": done_at, "baseline_at": done_at - timedelta(hours=2), "now": done_at}
        episode = factories.episode(patient=patient, **times)
        return Patient(episode.pk, factories.phone(episode, now=clock.now())[1], ())


def _erase(system: System, person: Patient) -> None:
    """Their recovery has ended, and two people say so."""
    with system.django():
        episode, now = Episode.objects.get(pk=person.episode_id), clock.now()
        dee, dora = (
            factories.member(episode.team, name, role, password=None)
            for name, role in (("Dee Lund", "admin"), ("Dora Klein", "doctor"))
        )
        episodes.end(episode_id=episode.uuid, reason="They moved away.", by=dora, now=now)
        asked = persons.ask(
            episode_id=episode.uuid,
            scope="all",
            reason="By letter.",
            no_duty="Entered by mistake.",
            by=dee,
            now=now,
        )
        persons.confirm(episode_id=episode.uuid, erasure_id=asked.uuid, by=dora, now=now)


def _tables_with_them(system: System) -> set[str]:
    """Every table that has the name or the number in any column, whoever may read it."""
    with psycopg.connect(system.admin_url) as admin:
        names = [name for (name,) in admin.execute(TABLES).fetchall()]
        asked = {name: sql.SQL(HAS).format(sql.Identifier(name)) for name in names}
        marks = [f"%{GONE}%", f"%{NUMBER}%"]
        return {name for name in names if admin.execute(asked[name], [marks]).fetchone() == (True,)}
