"""Patients and their care teams in a system of processes, made there by the product's own operations.

`python -m tests.faults.scene PATIENTS MEMBERS [reported]` prints, for each patient, a token and the addresses of the
team. With `reported`, each has reported a red flag, and nobody was told yet.
"""

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg

from services.children import ROOT
from tests.system import System

RED_FLAG = {"bladder": "new_or_worse"}


@dataclass(frozen=True)
class Scene:
    system: System
    tokens: list[str]
    emails: list[str]

    @classmethod
    def of(cls, system: System, *, patients: int = 1, members: int = 2, reported: bool = False) -> "Scene":
        """Made by a process of that system, since this one is connected to another database."""
        command = [
            sys.executable,
            "-m",
            "tests.faults.scene",
            str(patients),
            str(members),
            *(["reported"] * reported),
        ]
        done = subprocess.run(command, cwd=ROOT, env=system.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout)
        return cls(system, [row["token"] for row in made], [email for row in made for email in row["emails"]])

    def report_red_flag(self, token: str | None = None) -> int:
        """What the phone sends; the status it is answered with. Waits ten seconds at most."""
        request = urllib.request.Request(
            f"{self.system.url}/api/v1/check-ins",
            data=json.dumps(_body()).encode(),
            headers={
                "Authorization": f"Bearer {token or self.tokens[0]}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)
            return int(answer.status)

    def everybody_was_told(self) -> bool:
        """And nothing more is owed: a repeated red flag, of which nobody is told again, is flagged after its grace."""
        told = {recipient for mail in self.system.mailbox.mails for recipient in mail.recipients}
        owed = self.rows("SELECT 1 FROM recovery_assessment WHERE flagged_at IS NULL")
        unsent = self.rows("SELECT 1 FROM recovery_notification WHERE status <> 'sent'")
        return set(self.emails) <= told and not owed and not unsent

    def roads(self) -> tuple[set[str], set[str]]:
        """By which road reports were flagged (silence, which the watch alone finds, left out), and mails were sent."""
        flagged = self.rows(
            "SELECT DISTINCT flagged_by FROM recovery_assessment WHERE check_in_id IS NOT NULL"
        )
        sent = self.rows("SELECT DISTINCT sent_by FROM recovery_notification")
        return {row[0] for row in flagged}, {row[0] for row in sent}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.system.database_url) as connection:
            return connection.execute(query).fetchall()


def _body() -> dict[str, Any]:
    from recovery import clock
    from tests import factories

    now = clock.now().isoformat()
    return {
        "id": str(uuid4()),
        "observed_at": now,
        "sent_at": now,
        "status": "completed",
        "answered_by": "patient",
        "app_version": "test/1",
        "answers": factories.ALL_CLEAR | RED_FLAG,
    }


def main(patients: int, members: int, reported: bool) -> None:
    import django

    django.setup()
    from recovery import clock

    made = [_patient(clock.now(), members, reported) for _ in range(patients)]
    json.dump(made, sys.stdout)


def _patient(now: Any, members: int, reported: bool) -> dict[str, Any]:
    from datetime import timedelta

    from recovery import checkins
    from tests import factories

    team = factories.team()
    emails = [factories.member(team, f"Nurse{n} Lund", password=None).email for n in range(members)]
    procedure_at = now - timedelta(hours=20)
    episode = factories.episode(
        team, procedure_at=procedure_at, baseline_at=procedure_at - timedelta(hours=2), now=procedure_at
    )
    device, token = factories.phone(episode, now=now)
    if reported:
        submission = factories.submission(observed_at=now, sent_at=now, **RED_FLAG)
        checkins.submit(device=device, submission=submission, now=now)
    return {"token": token, "emails": emails}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "reported" in sys.argv)
