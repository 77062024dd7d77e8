"""The machine of the hold (tests/hold/test_machine.py) is watched by the auditor: whatever happens in whatever order,
what the watch has put right is called well."""

from datetime import timedelta

import pytest
from hypothesis.stateful import run_state_machine_as_test

from recovery import auditor, watch
from recovery.models import Alert, Defect
from tests.factories import at
from tests.hold.effort import NIGHTLY, effort
from tests.hold.machine.machinery import TURNS
from tests.hold.machine.world import Draw, Scene
from tests.hold.test_machine import STEPS, Hold, scene

__all__ = ["scene"]

Known = set[tuple[str, int, str]]


class Audited(Hold):
    """What other runs have left behind, each cut short in the middle, is known at the beginning."""

    known: Known = set()
    looks = 0

    def time_passes(self, hours: float) -> None:
        super().time_passes(hours)
        if not hasattr(self, "phone") and not self.looks:
            self.known = self._look() | self._look()

    def watch_has_its_turn(self, _: Draw | None = None) -> None:
        for _turn in range(TURNS):
            self._let_leases_and_grace_run_out()
            if not +watch.cycle(self.clock_of("database")):
                break
        assert self._look() & self._look() <= self.known

    def _leave_nothing_to_the_next_one(self) -> None:
        """Time begins anew with each run, and what was due in the last one would be due in years."""
        super()._leave_nothing_to_the_next_one()
        over = {"ended_at": at(self.now_h), "ended_by": self.scene.ben, "outcome": "seen"}
        Alert.objects.filter(status__in=Alert.LIVE).update(
            **over, status="closed", patient_contacted=True, next_step_at=None, asked=None, asked_at=None
        )

    def _look(self) -> Known:
        """Each some time after the one before, by real time, which does not pass here."""
        self.looks += 1
        auditor.look(now=self.clock_of("database"), later=timedelta(seconds=20 * self.looks), programs=())
        return set(Defect.objects.filter(gone_at=None).values_list("kind", "place", "detail"))


@pytest.mark.slow
@pytest.mark.timeout(0 if NIGHTLY else 400)
def test_whatever_happens_in_whatever_order_the_auditor_calls_it_well(scene: Scene) -> None:
    Audited.scene = scene
    run_state_machine_as_test(Audited, settings=effort(6, stateful_step_count=STEPS))
