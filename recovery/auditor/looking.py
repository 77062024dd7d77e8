"""One look at what is stored: every check on one snapshot, within a time, and what was found written down.

A defect counts once it was seen by two looks in a row: what is being done at this instant is none. It stands until a
look at the same place finds it mended.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from recovery.auditor import anew, checks, memory, service, sweeps, walls
from recovery.auditor.accepting import is_still_as_accepted
from recovery.auditor.checks import Check
from recovery.auditor.findings import Found
from recovery.auditor.sweeps import Sweep
from recovery.clinical import protocol as protocols
from recovery.models import Assessment, AuditRun, CheckIn, Defect, Episode

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=30)
"""How long something may be owed past its time. Half a minute more is for being seen twice."""

FROZEN = timedelta(minutes=65)
"""No back-off of the watch's is longer than an hour."""

PUT_OFF = timedelta(minutes=12)
"""No back-off of a message is longer than five minutes, no lease longer than ten (DELIVERY_LEASE_S)."""

CONFIRMED_AFTER = timedelta(seconds=10)
SWEEP_S, ANEW_S = 2.0, 0.8
AT_ONCE, NEWEST = 4, 400
MOST = 100
"""Of one kind in one look: more says no more."""

ANEW_KINDS = {"report-altered", "verdict-wrong"}
SILENCE_KINDS = {"missed-slot-without-verdict", "silence-verdict-wrong", "not-examined"}


@dataclass
class Findings:
    """What a look has found, and where it has looked: what stands there and was not found again is gone."""

    found: list[Found] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)
    places: dict[str, list[Callable[[int], bool]]] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)

    def saw(self, kinds: Collection[str], where: Callable[[int], bool]) -> None:
        for kind in kinds:
            self.places.setdefault(kind, []).append(where)

    def looked_at(self, kind: str, place: int) -> bool:
        return kind in self.whole or any(where(place) for where in self.places.get(kind, ()))


@dataclass(frozen=True)
class Look:
    run: AuditRun
    standing: list[Defect]
    """Seen twice."""
    suspected: list[Defect]

    @property
    def is_well(self) -> bool:
        return not self.standing

    @property
    def kinds(self) -> set[str]:
        return {defect.kind for defect in self.standing}


def look(*, now: datetime, programs: Sequence[str] | None = None, later: timedelta = timedelta()) -> Look:
    """Look once, by the product's clock. `programs` have to be at work (None: all there are). With `later` the real
    time is taken to be so much later than it is. Raises what the database raises when it is lost."""
    began = time.monotonic()
    last = AuditRun.objects.order_by("-pk").first()
    standing = list(Defect.objects.filter(gone_at=None))
    findings = Findings()
    findings.found += memory.unwritable(now)
    with _snapshot() as real:
        real += later
        given = {
            "now": now,
            "real": real,
            "grace": GRACE,
            "frozen": FROZEN,
            "put_off": PUT_OFF,
            "most": MOST,
        } | _schedules()
        came, newest = dict(last.sweeps) if last else {}, last.seen_assessment if last else 0
        for check in (*checks.CHECKS, *checks.STEPS):
            _take(check.kind, findings, partial(_asked, check, given))
        _take("wall-down", findings, walls.look)
        _take("program-silent", findings, partial(service.silent_programs, real, programs))
        _take("canary-absent", findings, partial(service.absent_canaries, real))
        _memory(findings, came, real, programs)
        sweeps_end = time.monotonic() + SWEEP_S
        for done, sweep in enumerate(sweeps.SWEEPS):
            share_s = (sweeps_end - time.monotonic()) / (len(sweeps.SWEEPS) - done)
            with _in_time(sweep.name, findings):
                so_far = came.get(sweep.name, [0, 0])
                came[sweep.name] = _sweep(sweep, so_far, share_s, standing, findings, given)
        with _in_time("anew", findings):
            newest, came["anew"] = _judge_anew(newest, came.get("anew", [0, 0]), standing, findings, now=now)
    return _write_down(findings, standing, real=real, came=came, newest=newest, began=began)


def _memory(findings: Findings, came: dict[str, Any], real: datetime, programs: Sequence[str] | None) -> None:
    """What is remembered: all of the audit within some looks, its end in each."""
    findings.whole.add("audit-unwritable")
    head, part = came.get("head", [0, "", ""]), list(came.get("chain", [0, 0]))
    if programs is None or "watch" in programs:
        _take("audit-unbound", findings, partial(memory.unbound, real))
    if _take("audit-cut-off", findings, partial(memory.cut_off, head)):
        came["head"] = memory.head_now(head, real)
    began, rounds = part
    if _take("audit-altered", findings, partial(memory.altered, part)):
        came["chain"] = part
        findings.whole.discard("audit-altered")  # a share was looked at
        after = -1 if part[1] > rounds else began
        findings.saw(("audit-altered",), lambda place: after < place <= part[0])


# --- reading


@contextmanager
def _snapshot() -> Iterator[datetime]:
    """Everything is asked of one instant, and nothing is written. The database ends what takes too long."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(settings.AUDIT_STATEMENT_MS)])
        cursor.execute("SET LOCAL plan_cache_mode = auto")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SELECT clock_timestamp()")
        yield cursor.fetchone()[0]


@contextmanager
def _in_time(kind: str, findings: Findings) -> Iterator[None]:
    """What does not end in time, or fails, is a defect itself, and keeps nothing else from being looked at. Where not
    even its beginning ends in time, the look is over: raises OperationalError."""
    began = False
    try:
        with transaction.atomic():
            began = True
            yield
    except OperationalError as error:
        if not began or not isinstance(error.__cause__, QueryCanceled):
            raise
        log.error("the auditor's check of %s did not end in time", kind)
        findings.late.append(kind)
        findings.found.append(Found("check-too-slow", 0, None, kind))
    except InterfaceError:
        raise
    except Exception as error:
        log.error("the auditor's check of %s failed: %s", kind, type(error).__name__)
        findings.found.append(Found("check-failed", 0, None, kind))


def _take(kind: str, findings: Findings, check: Callable[[], Iterator[Found]]) -> bool:
    """Make a check. Whether it came to its end."""
    ended: list[list[Found]] = []
    with _in_time(kind, findings):
        ended.append(list(check()))
    for found in ended:
        findings.found += found
        findings.whole.add(kind)
    return bool(ended)


def _asked(check: Check, given: dict[str, Any]) -> Iterator[Found]:
    with connection.cursor() as cursor:
        cursor.execute(f"{check.sql} LIMIT %(most)s", given)
        for place, clinic, detail in cursor.fetchall():
            yield Found(check.kind, place, clinic, detail or "")


def _sweep(
    sweep: Sweep,
    came: Sequence[int],
    share_s: float,
    standing: Sequence[Defect],
    findings: Findings,
    given: dict[str, Any],
) -> list[int]:
    """What of it was found before, and a share of all. Returns how far it has come: last id, times round."""
    place, rounds = came
    known = [defect.place for defect in standing if defect.kind in sweep.kinds]
    for each in known[:MOST]:
        _one_chunk(sweep, each - 1, each, findings, given)
    ends_at, top, done = time.monotonic() + share_s, _top(sweep.table), 0
    while done < top:
        if place >= top:
            place, rounds = 0, rounds + 1
        until = min(place + sweep.rows, top)
        if not _one_chunk(sweep, place, until, findings, given):
            break
        place, done = until, done + until - place
        if time.monotonic() > ends_at:
            break
    return [place, rounds]


def _one_chunk(sweep: Sweep, after: int, until: int, findings: Findings, given: dict[str, Any]) -> bool:
    """Whether it could be looked at: what took too long is left until the next look."""

    def check() -> Iterator[Found]:
        with connection.cursor() as cursor:
            cursor.execute(f"{sweep.sql} LIMIT %(most)s", given | {"after": after, "until": until})
            for kind, place, clinic, detail in cursor.fetchall():
                yield Found(kind, place, clinic, detail or "")

    if not _take(sweep.name, findings, check):
        return False
    findings.saw(sweep.kinds, lambda place: after < place <= until)
    return True


def _top(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")  # nosec B608  (a name of ours)
        return int(cursor.fetchone()[0])


def _judge_anew(
    seen: int, came: Sequence[int], standing: Sequence[Defect], findings: Findings, *, now: datetime
) -> tuple[int, list[int]]:
    """What was found before, what is new since the look before, and a share of all the others. Returns the newest
    verdict, and how far it has come."""
    ends_at = time.monotonic() + ANEW_S
    place, rounds = came
    of_reports = [defect.place for defect in standing if defect.kind in ANEW_KINDS][:MOST]
    first = [defect.place for defect in standing if defect.kind in SILENCE_KINDS][:MOST]
    first += CheckIn.objects.filter(pk__in=of_reports).values_list("episode", flat=True)
    new = list(Assessment.objects.filter(pk__gt=seen).order_by("-pk").values_list("episode", "pk")[:NEWEST])
    first += [episode for episode, _ in new]
    waiting = list(dict.fromkeys(first))
    started_at, came_round = place, False
    while time.monotonic() < ends_at:
        batch, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        if not batch:
            if came_round and place >= started_at:
                break
            later = Episode.objects.filter(pk__gt=place).order_by("pk").values_list("pk", flat=True)
            batch = list(later[:AT_ONCE])
            if not batch:
                if came_round:
                    break
                place, rounds, came_round = 0, rounds + 1, True
                continue
            place = batch[-1]
        if _take("anew", findings, partial(anew.examine, batch, now=now)):
            reports = set(CheckIn.objects.filter(episode__in=batch).values_list("pk", flat=True))
            findings.saw(SILENCE_KINDS, set(batch).__contains__)
            findings.saw(ANEW_KINDS, reports.__contains__)
    return max((pk for _, pk in new), default=seen), [place, rounds]


def _schedules() -> dict[str, list[Any]]:
    """Slots and lengths of the protocols, for SQL."""
    slots = [(protocol.version, slot) for protocol in protocols.every() for slot in protocol.slots]
    return {
        "protocols": [protocol.version for protocol in protocols.every()],
        "lengths": [float(protocol.ends_h) for protocol in protocols.every()],
        "versions": [version for version, _ in slots],
        "opens": [float(slot.open_h) for _, slot in slots],
        "closes": [float(slot.close_h) for _, slot in slots],
    }


# --- writing


def _write_down(
    findings: Findings,
    standing: Sequence[Defect],
    *,
    real: datetime,
    came: dict[str, Any],
    newest: int,
    began: float,
) -> Look:
    seen = {(each.kind, each.place, each.detail): each for each in findings.found}
    findings.whole |= {"check-too-slow", "check-failed"}
    with transaction.atomic():
        known = {(defect.kind, defect.place, defect.detail): defect for defect in standing}
        for key, defect in list(known.items()):
            if key in seen and defect.accepted_at is not None and not is_still_as_accepted(defect):
                Defect.objects.filter(pk=defect.pk).update(
                    gone_at=real
                )  # it stands as another one from now on
                del known[key]
            elif key in seen:
                Defect.objects.filter(pk=defect.pk).update(seen_at=real)
                defect.seen_at = real
            elif findings.looked_at(defect.kind, defect.place):
                Defect.objects.filter(pk=defect.pk).update(gone_at=real)
                defect.gone_at = real
        new = [
            Defect(
                kind=each.kind, place=each.place, clinic_id=each.clinic, detail=each.detail[:200],
                found_at=real, seen_at=real,
            )
            for key, each in seen.items() if key not in known
        ]  # fmt: skip
        Defect.objects.bulk_create(new, ignore_conflicts=True)  # another copy may look at the same time
        stand = [defect for defect in known.values() if defect.gone_at is None]
        stand = [defect for defect in stand if defect.accepted_at is None]
        confirmed = [each for each in stand if each.seen_at - each.found_at >= CONFIRMED_AFTER]
        run = AuditRun.objects.create(
            started_at=real,
            took_ms=round((time.monotonic() - began) * 1000),
            found=len(confirmed),
            late=findings.late,
            sweeps=came,
            seen_assessment=newest,
        )
        AuditRun.objects.filter(pk__lte=run.pk - settings.AUDIT_RUNS_KEPT).delete()
    for each in confirmed:
        log.error("defect: %s at %s %s", each.kind, each.place, each.detail)
    return Look(run, confirmed, [each for each in (*stand, *new) if each not in confirmed])
