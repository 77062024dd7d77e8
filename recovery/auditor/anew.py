"""Recoveries judged anew: each report and each silence by the clinical core, from what is stored, and compared.

Nothing here is asked of the code that judged them first. What was found is compared by rule and tier: the words of an
explanation may change with a release, a verdict may not.
"""

import hashlib
import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from recovery.auditor.findings import Found
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Heard, assess, assess_running_silence
from recovery.clinical.facts import Baseline, Earlier, Procedure, Report
from recovery.clinical.tiers import Tier
from recovery.models import Assessment, CheckIn, Episode, Pause

Verdicts = dict[int, Assessment]
"""The current verdict by check-in."""

NOT_A_SLOT = "faulty"
"""Stands in place of a slot where the silence could not be judged."""

SETTLES = timedelta(minutes=2)
"""A slot that closed just now may still be judged."""

_FIELDS = ("check_in_id", "silent_slot", "tier", "hours", "findings", "effective_at", "flagged_at")


def examine(episode_ids: Sequence[int], *, now: datetime) -> Iterator[Found]:
    """What is wrong with these recoveries. A handful of statements, however many there are."""
    episodes = Episode.objects.filter(pk__in=episode_ids).order_by("pk")
    reports: dict[int, list[CheckIn]] = defaultdict(list)
    wanted = CheckIn.objects.filter(episode__in=episode_ids).order_by("effective_at", "client_id")
    for row in wanted.defer("pain", "temperature_c", "fever", "numbness", "bandage", "reported"):
        reports[row.episode_id].append(row)
    verdicts: dict[int, list[Assessment]] = defaultdict(list)
    current = Assessment.objects.filter(episode__in=episode_ids, is_current=True, quarantine=None)
    for verdict in current.only("id", "episode_id", *_FIELDS):
        verdicts[verdict.episode_id].append(verdict)
    pauses: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for pause in Pause.objects.filter(episode__in=episode_ids):
        pauses[pause.episode_id].append((pause.from_at, pause.until_at))
    for episode in episodes:
        try:
            yield from _one(episode, reports[episode.pk], verdicts[episode.pk], pauses[episode.pk], now)
        except Exception as error:  # one that cannot be judged keeps no other from being looked at
            yield Found("not-examined", episode.pk, episode.clinic_id, type(error).__name__)


def _one(
    episode: Episode,
    reports: Sequence[CheckIn],
    verdicts: Sequence[Assessment],
    pauses: Sequence[tuple[datetime, datetime | None]],
    now: datetime,
) -> Iterator[Found]:
    for row in reports:
        if row.fingerprint != fingerprint(row):
            yield Found("report-altered", row.pk, episode.clinic_id)
    if episode.rejudge_from is not None:
        return  # what follows is owed, and the checks see to it that it is done in time
    standing = [row for row in reports if row.withdrawn_at is None]
    by_report: Verdicts = {verdict.check_in_id: verdict for verdict in verdicts if verdict.check_in_id}
    yield from _reports(episode, standing, by_report)
    yield from _silences(episode, standing, by_report, verdicts, pauses, now)


def _reports(episode: Episode, standing: Sequence[CheckIn], by_report: Verdicts) -> Iterator[Found]:
    procedure = _procedure(episode)
    baseline = None
    if episode.baseline is not None and episode.baseline_at is not None:
        baseline = Baseline(episode.baseline_at, episode.baseline)
    said = [_report(row) for row in standing]
    history = [Earlier.of(report, procedure) for report in said]
    for place, (row, report) in enumerate(zip(standing, said, strict=True)):
        stored = by_report.get(row.pk)
        if stored is None or stored.tier is None:
            continue  # seen by the sweep of reports, or by the checks of what was set aside
        right = assess(
            protocol=protocols.get(episode.protocol),
            procedure=procedure,
            baseline=baseline,
            history=history[:place] + history[place + 1 :],
            report=report,
        )
        found = {(finding.rule, finding.tier.code) for finding in right.findings}
        known = {(finding["rule"], finding["tier"]) for finding in stored.findings}
        if stored.tier != right.tier or known != found or abs(stored.hours - right.hours) > 1e-6:
            rules = sorted({rule for rule, _ in known ^ found})
            yield Found("verdict-wrong", row.pk, episode.clinic_id, ",".join(rules)[:200])


def _silences(
    episode: Episode,
    standing: Sequence[CheckIn],
    by_report: Verdicts,
    verdicts: Sequence[Assessment],
    pauses: Sequence[tuple[datetime, datetime | None]],
    now: datetime,
) -> Iterator[Found]:
    """Each slot that closed while the recovery was watched, as of its closing."""
    protocol, procedure = protocols.get(episode.protocol), _procedure(episode)
    silent = {row.silent_slot: row for row in verdicts if row.silent_slot not in (None, NOT_A_SLOT)}
    completed = [row for row in standing if row.status == CheckIn.Status.COMPLETED]
    until = min(now, episode.ended_at or now) - SETTLES
    for slot in protocol.slots:
        closed_at = episode.procedure_at + timedelta(hours=slot.close_h)
        is_owed = episode.next_due_at is not None and closed_at >= episode.next_due_at
        if closed_at <= episode.started_at or closed_at > until or is_owed:
            continue
        heard = [row for row in completed if row.effective_at <= closed_at]
        if any(row.pk not in by_report for row in heard[-1:]):
            continue
        right = assess_running_silence(
            protocol=protocol,
            procedure=procedure,
            heard=_heard(heard, by_report, protocol),
            now=closed_at,
            excused=pauses,
        )
        if right.slot != slot.id:
            continue  # another slot closes at the same instant
        stored = silent.get(slot.id)
        found = {(finding.rule, finding.tier.code) for finding in right.findings}
        if stored is None:
            if found and episode.ended_at is None:
                yield Found("missed-slot-without-verdict", episode.pk, episode.clinic_id, slot.id)
            continue
        if stored.tier is not None and {(each["rule"], each["tier"]) for each in stored.findings} != found:
            yield Found("silence-verdict-wrong", episode.pk, episode.clinic_id, slot.id)


def _heard(heard: Sequence[CheckIn], by_report: Verdicts, protocol: Any) -> Heard:
    if not heard:
        return Heard(0)
    last = heard[-1]
    tier = by_report[last.pk].tier
    if tier is None:  # nothing has been ruled out
        tier = protocol.service_alerts["UNASSESSED"].tier
    return Heard(len(heard), last.effective_at, Tier(tier))


def _procedure(episode: Episode) -> Procedure:
    latest_at = None
    if episode.time_estimated:
        zone = ZoneInfo(episode.time_zone)
        latest_at = datetime.combine(episode.procedure_at.astimezone(zone).date(), time(23, 59), tzinfo=zone)
    restart_h = episode.blood_thinner_restart_h
    return Procedure(
        kind=episode.procedure,
        at=episode.procedure_at,
        risk_factors=frozenset(episode.risk_factors),
        blood_thinner_restart_h=None if restart_h is None else float(restart_h),
        latest_at=latest_at,
    )


def _report(row: CheckIn) -> Report:
    return Report(
        observed_at=row.observed_at,
        answers=row.answers,
        received_at=row.received_at,
        completed=row.status == CheckIn.Status.COMPLETED,
        id=str(row.client_id),
    )


def fingerprint(row: CheckIn) -> str:
    """What stands in `CheckIn.fingerprint` while nobody has touched what the phone said."""
    content = {
        "id": str(row.client_id),
        "observed_at": row.observed_at.astimezone(UTC).isoformat(),
        "status": row.status,
        "answered_by": row.answered_by,
        "answers": _canonical(row.answers),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _canonical(item) for key, item in value.items()}
        case list():
            return sorted((_canonical(item) for item in value), key=str)
        case _:
            return value
