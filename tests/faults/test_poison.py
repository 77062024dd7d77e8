"""A row at which the work fails, or whoever does it dies, holds up nobody else's, and is shown to the care team."""

from collections.abc import Callable

import pytest

from recovery.models import Assessment, Episode
from tests.faults.aftermath import assert_invariants
from tests.faults.deadly import deadly
from tests.faults.nurses import Nurse
from tests.faults.phones import Phones
from tests.faults.scale import long_only, times
from tests.faults.scene import Patient, Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

NOT_JUDGED = "Could not be assessed"


def shown_as_not_judged(system: System, patient: Patient) -> bool:
    return NOT_JUDGED in Nurse(system, patient.team[0]).page().text


def try_again_now(system: System, patient: Patient) -> None:
    """What was set aside is tried once an hour."""
    with system.django():
        Assessment.objects.filter(episode=patient.episode_id, flagged_at=None).update(next_attempt_at=None)


def revived(system: System, holds: Callable[[], bool]) -> Callable[[], bool]:
    """Asked while whoever died is started again."""

    def ask() -> bool:
        system.revive()
        return holds()

    return ask


def red_flag_alerted(scene: Scene, patient: Patient) -> bool:
    """Beside the alert that says it could not be assessed."""
    of_patient = Scene(scene.system, (patient,))
    rules = of_patient.rows("SELECT count(DISTINCT rule) FROM recovery_alert WHERE episode_id = ANY(%s)")
    return rules == [(2,)]


def without(scene: Scene, patient: Patient) -> Scene:
    return Scene(scene.system, tuple(other for other in scene.patients if other is not patient))


@pytest.mark.parametrize(
    "roads",
    [
        pytest.param(("worker", "watch", "watch-2"), id="both_roads"),
        pytest.param(("watch",), id="watch_alone", marks=long_only),
    ],
)
def test_f08_a_row_that_kills_whoever_comes_to_it_is_set_aside_and_keeps_nobody_from_the_others(
    system: System, roads: tuple[str, ...]
):
    # given
    system.stop("worker", "watch", "watch-2")
    scene = Scene.of(system, patients=times(4, 100))
    poisoned = scene.patients[0]
    phones, others = Phones(scene), without(scene, poisoned)
    phones.send(phones.report(poisoned, {}))
    phones.report_red_flag(poisoned)

    # when
    with deadly(system, poisoned) as deaths:
        for patient in others.patients:
            phones.report_red_flag(patient)
        system.start(*roads)

        wait_until(revived(system, others.everybody_was_told), within_s=60, why="others had to wait")
        wait_until(
            revived(system, lambda: shown_as_not_judged(system, poisoned)), within_s=90, why="never shown"
        )
        killed = len(deaths)

    # then
    assert 1 <= killed <= Assessment.MAX_ATTEMPTS + roads.count("worker")
    system.restore("web", "worker", "watch", "watch-2")
    assert_invariants(phones.of(others), deaths=killed)
    try_again_now(system, poisoned)
    wait_until(lambda: red_flag_alerted(scene, poisoned))


def test_f20_a_rule_that_fails_for_one_patient_holds_up_nobody_and_is_shown_to_the_team(system: System):
    # given
    scene = Scene.of(system, patients=times(30, 500))
    poisoned = scene.patients[0]
    phones, others = Phones(scene), without(scene, poisoned)
    with system.django():
        mine = Episode.objects.filter(pk=poisoned.episode_id)
        baseline = mine.get().baseline
        mine.update(baseline={"pain_now": ["nonsense"]})

    # when
    phones.report_all(len(scene.patients))

    # then
    wait_until(others.everybody_was_told)
    wait_until(lambda: shown_as_not_judged(system, poisoned), within_s=60, why="never shown")
    assert_invariants(phones.of(others))

    # and when the fault is mended, nothing was muted for good
    with system.django():
        mine.update(baseline=baseline)
    try_again_now(system, poisoned)
    wait_until(lambda: red_flag_alerted(scene, poisoned))
