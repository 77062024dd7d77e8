"""The same as text for Prometheus (exposition format 0.0.4). Counts, ages and names of ours; nothing of a patient, and
of a clinic nothing but its public id."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from recovery.heartbeats import WRONG_CODES
from recovery.owed.counting import everything
from recovery.owed.service import Service, service
from recovery.owed.states import OPERATOR

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


def text(*, now: datetime) -> str:
    return "".join(_lines(now))


def _lines(now: datetime) -> Iterator[str]:
    owed = everything(now=now)
    by_state = [({"state": each.state.name, "owner": each.state.owner}, each) for each in owed]
    yield from _metric(
        "recovery_owed", "What is in a state that must not last", [(of, each.count) for of, each in by_state]
    )
    yield from _metric(
        "recovery_owed_oldest_seconds",
        "How long the oldest of it is owed",
        [(of, _age(each.oldest, now)) for of, each in by_state],
    )
    dead = sum(each.count for each in owed if each.state.owner == OPERATOR)
    yield from _metric("recovery_dead_rows", "Rows that were set aside after several tries", [({}, dead)])
    yield from _of_service(service())


def _of_service(state: Service) -> Iterator[str]:
    ages = [({"program": each.name}, each.silent_s) for each in state.programs]
    yield from _metric(
        "recovery_heartbeat_age_seconds",
        "Since the program drained a row; absent while it never has",
        [(labels, age) for labels, age in ages if age is not None],
    )
    yield from _metric(
        "recovery_program_at_work",
        "Whether it drained a row less than 30 s ago",
        [({"program": each.name}, float(each.is_at_work)) for each in state.programs],
    )
    if audit := state.audit:
        yield from _metric(
            "recovery_auditor_age_seconds", "Since the auditor last looked", [({}, audit.age_s)]
        )
        yield from _metric(
            "recovery_auditor_took_seconds", "How long it looked", [({}, audit.took_ms / 1000)]
        )
        if audit.pinged_s is not None:
            yield from _metric(
                "recovery_deadman_age_seconds", "Since the dead-man's URL was called", [({}, audit.pinged_s)]
            )
    yield from _metric(
        "recovery_defects",
        "What must be otherwise",
        [({"kind": kind}, count) for kind, count in state.defects],
    )
    yield from _metric(
        "recovery_canary_age_seconds",
        "Since a red flag of the clinic's canary set out that arrived",
        [({"clinic": each.clinic}, each.age_s) for each in state.canaries if each.age_s is not None],
    )
    yield from _metric(
        "recovery_canary_absent",
        "How many of its last two red flags did not arrive",
        [({"clinic": each.clinic}, each.absent) for each in state.canaries],
    )
    failures = dict(state.tallies).get("publish-failures", 0)
    yield from _metric(
        "recovery_publish_failures_total",
        "Nudges that the broker did not take",
        [({}, failures)],
        kind="counter",
    )
    yield from _metric(
        "recovery_wrong_codes_total",
        "Codes of enrolment that were wrong",
        [({}, dict(state.tallies).get(WRONG_CODES, 0))],
        kind="counter",
    )


def _metric(name: str, words: str, samples: list[Sample], *, kind: str = "gauge") -> Iterator[str]:
    yield f"# HELP {name} {words}.\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{told}}} {value:.10g}\n" if told else f"{name} {value:.10g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
