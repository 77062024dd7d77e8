"""Who calls, in a system of processes: two clinics with a patient each, phones in every state, staff of every role.

`python -m tests.fuzz.people` makes them in the system whose addresses stand in its environment, and prints how each
calls and what is whose.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.children import ROOT
from tests.system import System

if TYPE_CHECKING:
    from recovery.models import CareTeam, Clinic, DeviceToken, Episode, User

NOBODY = "nobody"
PATIENTS = ("ana", "eve")
"""On their phones, each of a clinic of her own."""

OTHER_PHONES = ("revoked", "ended", "leaving")
"""Of Ana's clinic: one that the team signed out, one whose episode is over, one that signs itself off."""

CAREGIVERS = ("helper", "reader")
"""Of Bea, whose own phone is never used, since she could end them: one who may only send check-ins, and one who may
read hers too."""

STAFF = (
    "nurse", "doctor", "coordinator", "admin", "newcomer", "former", "neighbour", "stranger", "auditor", "operator",
)  # fmt: skip
"""Of Ana's team, in each role; a nurse who has no password yet; one who left the team; a nurse of another team of the
clinic; a nurse of Eve's clinic; who reads the audit of Ana's clinic; who runs the service."""

EVERYBODY = (NOBODY, *PATIENTS, *OTHER_PHONES, *CAREGIVERS, *STAFF)


@dataclass(frozen=True)
class People:
    headers: dict[str, dict[str, str]]
    """How each caller signs in: a token, a cookie, or nothing."""

    ids: dict[str, list[str]]
    """What belongs to each patient: alerts, refused bodies, check-ins."""

    words: dict[str, list[str]]
    """What stands in the rows of each patient and nowhere else."""

    users: dict[str, int]
    """The key of each account of staff."""

    @classmethod
    def of(cls, system: System) -> "People":
        """Made by a process of that system, since this one is connected to another database."""
        command = [sys.executable, "-m", "tests.fuzz.people"]
        done = subprocess.run(command, cwd=ROOT, env=system.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return cls(**json.loads(done.stdout))


def readable_by(caller: str) -> set[str]:
    """The patients whose rows the caller may read."""
    return {
        "ana": {"ana"}, "nurse": {"ana"}, "doctor": {"ana"}, "coordinator": {"ana"}, "admin": {"ana"},
        "newcomer": {"ana"}, "eve": {"eve"}, "stranger": {"eve"},
    }.get(caller, set())  # fmt: skip


def _make(now: datetime) -> People:
    from recovery import enrolment, episodes
    from tests import factories, signing_in

    here = factories.team(factories.clinic("Hillside Spine Clinic"))
    elsewhere = factories.team(factories.clinic("Northgate Clinic"))
    staff = {role: factories.member(here, f"{role.title()} Hale", role) for role in STAFF[:4]}
    staff["newcomer"] = factories.member(here, "Newcomer Hale", password=None)
    staff["former"] = factories.member(here, "Former Hale", password=None)
    staff["former"].memberships.update(ended_at=now)
    staff["neighbour"] = factories.member(factories.team(here.clinic, "Evening team"), "Nia Boyd")
    staff["stranger"] = factories.member(elsewhere, "Cleo Hart", password=None)
    staff |= {"auditor": _overseer("auditor", here.clinic, now), "operator": _overseer("operator", None, now)}

    ana, eve = _patient(here, "Ana Tamarisk", now), _patient(elsewhere, "Eve Quillfeather", now)
    over, bea = _patient(here, "Ida Moreau", now), _patient(here, "Bea Larkspur", now)
    phones = {"ana": factories.phone(ana, now=now), "eve": factories.phone(eve, now=now)}
    for name in PATIENTS:
        _report(phones[name][0], f"in {name}'s own words", now)
    for name, episode in {"revoked": ana, "ended": over, "leaving": over}.items():
        phones[name] = factories.phone(episode, now=now)
    for name, scope in zip(CAREGIVERS, ("report", "read"), strict=True):
        _, token = factories.caregiver(bea, f"{name.title()} Rowan", scope=scope, by=staff["nurse"], now=now)
        phones[name] = factories.reload_phone(token), token
    enrolment.revoke(device=phones["revoked"][0], now=now)
    episodes.end(episode_id=over.uuid, reason="Twelve weeks are over.", by=staff["doctor"], now=now)

    tokens = {name: {"Authorization": f"Bearer {token}"} for name, (_, token) in phones.items()}
    cookies = {name: {"Cookie": f"sessionid={signing_in.session_of(user)}"} for name, user in staff.items()}
    return People(
        headers={NOBODY: {}} | tokens | cookies,
        ids={"ana": _ids(ana), "eve": _ids(eve)},
        words={name: _words(name, phones[name][0].episode) for name in PATIENTS},
        users={name: user.pk for name, user in staff.items()},
    )


def _overseer(role: str, clinic: "Clinic | None", now: datetime) -> "User":
    from recovery.models import Oversight, User

    user = User.objects.create_user(
        email=f"{role}@clinic.example", name=f"{role.title()} Hale", password=None
    )
    Oversight.objects.create(user=user, role=role, clinic=clinic, started_at=now)
    return user


def _patient(team: "CareTeam", name: str, now: datetime) -> "Episode":
    from tests import factories

    done_at = now - timedelta(hours=20)
    times = {"procedure_at": done_at, "baseline_at": done_at - timedelta(hours=2), "now": done_at}
    return factories.episode(team, name=name, **times)


def _report(device: "DeviceToken", words: str, now: datetime) -> None:
    """Something for every tab: an emergency, something of the same day, a call that is asked for, a body kept."""
    from recovery import alerts, checkins, quarantine
    from recovery.models import Assessment
    from tests import factories

    for answers in (
        {"bladder": "new_or_worse"},
        {"bleeding": "oozing"},
        {"wants_call": "yes"},
        {"pain_now": 9},
    ):
        sent = factories.submission(observed_at=now, sent_at=now, free_text=words, **answers)
        checkins.submit(device=device, submission=sent, now=now)
    body = json.dumps({"said": words}).encode()
    quarantine.keep(device=device, body=body, code="invalid", problems=[], readable=False, now=now)
    for pk in list(Assessment.objects.filter(flagged_at=None).order_by("pk").values_list("pk", flat=True)):
        alerts.flag(assessment_id=pk, by="watch", now=now)


def _ids(episode: "Episode") -> list[str]:
    rows = [*episode.alerts.values_list("uuid"), *episode.quarantine.values_list("uuid")]
    return [*(str(row[0]) for row in rows), *_check_ins(episode)]


def _check_ins(episode: "Episode") -> list[str]:
    return [str(row[0]) for row in episode.check_ins.values_list("client_id")]


def _words(name: str, episode: "Episode") -> list[str]:
    patient = episode.patient
    return [patient.name.split()[-1], patient.hospital_number, f"in {name}'s own words"]


def main() -> None:
    import django

    django.setup()
    from recovery import clock, tenancy

    tenancy.assume_every_clinic()
    json.dump(asdict(_make(clock.now())), sys.stdout)


if __name__ == "__main__":
    main()
