"""The disk of PostgreSQL is full: nothing is promised that could not be kept, and all goes on by itself when there is
room again."""

import time
from collections.abc import Generator
from functools import partial

import pytest

from tests.faults.aftermath import assert_invariants
from tests.faults.conftest import LEASE_S, PROGRAMS, SMALL
from tests.faults.disk import Disk, small_disk
from tests.faults.phones import NO_ANSWER, TAKEN, Phones
from tests.faults.scale import long_only, times
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

PUT_OFF = {NO_ANSWER, 503}
INTERNAL = 500
"""PostgreSQL has a word for a disk that is full. A file that may not grow it calls an error of its own."""


@pytest.fixture(params=["a_small_disk", pytest.param("files_that_cannot_grow", marks=long_only)])
def on_a_small_disk(request: pytest.FixtureRequest) -> Generator[tuple[System, Disk]]:
    """Where none may be mounted, the other one at once."""
    system = System(postgres=SMALL, DELIVERY_LEASE_S=LEASE_S)
    may_mount = request.param == "a_small_disk"
    with small_disk(system.directory / "postgres", mount=may_mount) as disk, system:
        system.start(*PROGRAMS)
        yield system, disk


def test_f27_with_a_full_disk_nothing_is_promised_and_with_room_again_everything_goes_on(
    on_a_small_disk: tuple[System, Disk],
):
    # given
    system, disk = on_a_small_disk
    phones = Phones(Scene.of(system, patients=times(30, 200)), again=() if disk.is_small else (INTERNAL,))

    # when
    with phones.reporting(every_s=0.01):
        time.sleep(1)
        for _ in range(times(1, 10)):
            with disk.full(system):
                wait_until(
                    partial(many_are_put_off, phones, put_off(phones)), within_s=60, why="there was room"
                )
                time.sleep(times(2, 20))
            system.revive()  # as docker compose does, should it have ended
            time.sleep(1)

    # then
    assert set(phones.answers) <= {*TAKEN, *PUT_OFF} | (set() if disk.is_small else {INTERNAL})
    assert all(system.is_running(name) for name in ("web", "worker", "watch", "watch-2"))
    phones.scene.wait_until_quiet()
    assert_invariants(phones, deaths=not_written_down(phones.scene))


def not_written_down(scene: Scene) -> int:
    """Tries of which nobody could write down what became of them: each may have been a message that left."""
    return sum(is_uncertain for _, _, is_uncertain in scene.attempts())


def put_off(phones: Phones) -> int:
    """How often phones were told to come again, so far."""
    return sum(phones.answers[answer] for answer in PUT_OFF)


def many_are_put_off(phones: Phones, before: int) -> bool:
    return put_off(phones) >= before + 20
