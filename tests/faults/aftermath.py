"""What must be true when a fault is over and what was owed is done: the invariants I1 to I8.

From I2 on they are those of tests/hold/oracle.py: derived anew from what is stored, by the same code as there.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from recovery.models import CheckIn, Episode
from tests.faults.phones import Phones
from tests.faults.scene import Scene
from tests.hold import oracle


def assert_invariants(
    phones: Phones, *, deaths: int = 0, on_their_way: int = 0, lost_answers: bool = True
) -> None:
    """`deaths`: how many processes died, each of which may have been sending. `on_their_way`: how many may have been
    sending when somebody took an alert on. Without `lost_answers` every report was taken at the first try."""
    scene = phones.scene
    scene.wait_until_quiet()
    assert_each_report_is_kept_once(phones)
    assert lost_answers or set(phones.answers) == {201}
    with scene.system.django():
        arrived = Arrived(scene.arrived)
        for episode in Episode.objects.filter(pk__in=scene.episodes):
            oracle.assert_all_is_well(episode, arrived, deaths=deaths, on_their_way=on_their_way)
    assert sent_again(scene) <= deaths


def assert_each_report_is_kept_once(phones: Phones) -> None:
    """I1: as it was sent, however often it was sent. What was answered 200 or 201 is there."""
    with phones.scene.system.django():
        stored = list(
            CheckIn.objects.filter(episode__in=phones.scene.episodes).values_list("client_id", "answers")
        )
    assert Counter(str(client_id) for client_id, _ in stored) == Counter(
        report.body["id"] for report in phones.reports if report.is_taken
    )
    sent = {report.body["id"]: _given(report.body) for report in phones.reports}
    assert {str(client_id): answers for client_id, answers in stored} == {
        str(client_id): sent[str(client_id)] for client_id, _ in stored
    }


def sent_again(scene: Scene) -> int:
    """How often the provider was given a message that it had: I6."""
    return len(scene.arrived) - len(set(scene.arrived))


@dataclass(frozen=True)
class Arrived:
    """What reached the provider on any channel, as the oracle asks a mailbox."""

    message_ids: list[str]


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: answer for name, answer in body["answers"].items() if answer is not None}
