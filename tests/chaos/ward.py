"""As many patients as there are to be red flags, each with a phone, in care teams of two: one is enrolled by the
product's own operations, the others are copies of that one."""

from datetime import timedelta

from bench import copies
from recovery import clock, enrolment
from tests import factories
from tests.faults.scene import Colleague, Patient, Scene, left_alone_tonight
from tests.system import System

TEAMS = 20

PEOPLE = ("recovery_patient", "recovery_consent", "recovery_episode", "recovery_devicetoken")


def fill(system: System, patients: int, members: int) -> Scene:
    """Half an hour after the procedure: no check-in is missed while this runs, so that only what is reported alerts."""
    with system.django():
        now = clock.now()
        procedure_at = now - timedelta(minutes=30)
        clinic = factories.clinic("Chaos")
        teams = [left_alone_tonight(factories.team(clinic, f"Team {number}")) for number in range(TEAMS)]
        colleagues = [
            tuple(factories.member(team, f"Nurse{n} Lund", password=None) for n in range(members))
            for team in teams
        ]
        someone = enrolment.NewPatient(
            name="P 0", born_on=factories.T0.date().replace(year=1950), hospital_number="C0"
        )
        episode = factories.episode(
            teams[0],
            patient=someone,
            procedure_at=procedure_at,
            baseline_at=procedure_at - timedelta(hours=2),
            now=procedure_at,
        )
        device, token = factories.phone(episode, now=now)
    _multiply(system, (episode.patient_id, episode.pk, device.pk), [team.pk for team in teams], patients)
    told = [tuple(Colleague(user.email, user.name, session="") for user in users) for users in colleagues]
    return Scene(
        system,
        tuple(
            Patient(episode.pk + i, f"chaos-{i}" if i else token, told[i % TEAMS]) for i in range(patients)
        ),
    )


def _multiply(system: System, first: tuple[int, int, int], teams: list[int], patients: int) -> None:
    patient, episode, device = first
    many = f"generate_series(1, {patients - 1}) AS n (i)"
    numbered = f"{patient} + n.i"
    with copies.copying(system.admin_url) as admin:
        copies.copy(
            admin, "recovery_patient", where=f"it.id = {patient}", many=many,
            id=numbered, uuid="gen_random_uuid()", name="'P ' || n.i", hospital_number="'C' || n.i",
        )  # fmt: skip
        copies.copy(
            admin, "recovery_consent", where=f"it.patient_id = {patient}", many=many,
            id="it.id + n.i", patient_id=numbered,
        )  # fmt: skip
        copies.copy(
            admin, "recovery_episode", where=f"it.id = {episode}", many=many,
            id=f"{episode} + n.i", uuid="gen_random_uuid()", patient_id=numbered,
            team_id=f"(ARRAY{teams})[n.i % {TEAMS} + 1]",
        )  # fmt: skip
        copies.copy(
            admin, "recovery_devicetoken", where=f"it.id = {device}", many=many,
            id=f"{device} + n.i", uuid="gen_random_uuid()", patient_id=numbered, episode_id=f"{episode} + n.i",
            token_hash="encode(sha256(convert_to('chaos-' || n.i, 'UTF8')), 'hex')",
        )  # fmt: skip
        copies.settle(admin, *PEOPLE)
