"""How the service itself stands: who is at work, what the auditor found, whether the canaries arrive. Numbers alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recovery import statements, tenancy
from recovery.auditor import PROGRAMS
from recovery.heartbeats import FRESH_S

# All by the database's clock: what is compared with it was written by it.
_PROGRAMS = """
    SELECT asked.name, extract(epoch FROM clock_timestamp() - b.drained_at)::float8, b.drained_at
      FROM unnest(%(programs)s::text[]) WITH ORDINALITY AS asked (name, place)
      LEFT JOIN recovery_heartbeat b ON b.program = asked.name
     ORDER BY asked.place
"""
_AUDIT = """
    SELECT extract(epoch FROM clock_timestamp() - r.started_at)::float8, r.took_ms, r.found,
           extract(epoch FROM clock_timestamp() - (
               SELECT max(pinged_at) FROM (SELECT pinged_at FROM recovery_auditrun ORDER BY id DESC LIMIT 1000) AS last
           ))::float8
      FROM recovery_auditrun r ORDER BY r.id DESC LIMIT 1
"""
_DEFECTS = """
    SELECT kind, count(*) FROM recovery_defect WHERE gone_at IS NULL AND accepted_at IS NULL GROUP BY kind ORDER BY kind
"""
_CANARIES = """
    SELECT clinic.uuid::text, extract(epoch FROM clock_timestamp() - arrived.started_at)::float8, arrived.took_ms,
           (SELECT count(*) FROM (
               SELECT outcome FROM recovery_canaryrun r WHERE r.clinic_id = c.clinic_id AND r.outcome <> ''
                ORDER BY round DESC LIMIT 2) AS last WHERE outcome = 'absent'),
           coalesce(arrived.flagged_by, '')
      FROM recovery_canary c JOIN recovery_clinic clinic ON clinic.id = c.clinic_id
      LEFT JOIN LATERAL (
          SELECT started_at, took_ms, flagged_by FROM recovery_canaryrun r
           WHERE r.clinic_id = c.clinic_id AND r.outcome = 'arrived' ORDER BY round DESC LIMIT 1
      ) arrived ON true
     ORDER BY c.id
"""
_TALLIES = "SELECT what, count FROM recovery_tally ORDER BY what"


@dataclass(frozen=True, slots=True)
class Program:
    """`silent_s` since it last drained a row; None: it never has."""

    name: str
    silent_s: float | None
    drained_at: datetime | None

    @property
    def is_at_work(self) -> bool:
        return self.silent_s is not None and self.silent_s <= FRESH_S


@dataclass(frozen=True, slots=True)
class Audit:
    age_s: float
    took_ms: int
    found: int
    pinged_s: float | None


@dataclass(frozen=True, slots=True)
class CanaryState:
    """`absent`: how many of its last two red flags did not arrive."""

    clinic: str
    age_s: float | None
    took_ms: int | None
    absent: int
    road: str


@dataclass(frozen=True, slots=True)
class Service:
    programs: Sequence[Program]
    audit: Audit | None
    defects: Sequence[tuple[str, int]]
    canaries: Sequence[CanaryState]
    tallies: Sequence[tuple[str, int]]

    @property
    def troubles(self) -> int:
        silent = sum(not program.is_at_work for program in self.programs)
        return silent + sum(count for _, count in self.defects)


@tenancy.every_clinic()
def service() -> Service:
    audit = statements.fetch_one(_AUDIT, {})
    programs = statements.fetch_all(_PROGRAMS, {"programs": [*PROGRAMS, "auditor"]})
    return Service(
        programs=[Program(*row) for row in programs],
        audit=Audit(*audit) if audit else None,
        defects=[(kind, count) for kind, count in statements.fetch_all(_DEFECTS, {})],
        canaries=[CanaryState(*row) for row in statements.fetch_all(_CANARIES, {})],
        tallies=[(what, count) for what, count in statements.fetch_all(_TALLIES, {})],
    )
