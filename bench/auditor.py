"""What a look of the auditor costs with a million check-ins: every check, a share of each sweep, some judged anew.

As many patients as have reported on each of 42 days, of whom one in a hundred has a live alert; nothing is wrong, and
the auditor has to say so. Told are the longest of the looks, and after how many of them each verdict was looked at.
"""

import statistics
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import copies, desk, size, world
from bench.stage import Stage
from bench.world import First

REPORTS = size.pick(1_000_000, 1_000)
LOOKS = size.pick(8, 3)
ALERTED = 100
HEAD = "head"
"""Stands among the sweeps and is none: where the chain over the audit ended."""


def measure() -> dict[str, Any]:
    with Stage() as stage:
        first = desk.open_alert(world.begin())
        _see_to_it()
        patients = REPORTS // len(first.check_ins)
        _fill(first, patients, owner_url=stage.services.owner_url)
        return _looks()


def _see_to_it() -> None:
    from recovery import watch

    while +watch.cycle(datetime.now(UTC), sends=False):
        pass


def _fill(first: First, patients: int, *, owner_url: str) -> None:
    """Every copy says what the first patient said, under the same ids: so what it says is unaltered."""
    days = len(first.check_ins) - 1
    world.multiply(first, patients, days=days, owner_url=owner_url, client_id="it.client_id")
    live = max(patients // ALERTED, 2)
    desk.copy_alerts(first, patients=patients, live=live, total=2 * live, owner_url=owner_url)
    with copies.copying(owner_url) as owner:
        owner.execute("""
            UPDATE recovery_checkin c SET client_id = said.client_id FROM recovery_checkin said
             WHERE said.episode_id = (SELECT min(id) FROM recovery_episode) AND said.fingerprint = c.fingerprint
               AND c.client_id <> said.client_id""")
        owner.execute("""
            INSERT INTO recovery_alertevent (clinic_id, alert_id, kind, at, tier, assessment_id, detail)
            SELECT clinic_id, id, 'opened', opened_at, tier, first_assessment_id, '{}' FROM recovery_alert a
             WHERE NOT EXISTS (SELECT FROM recovery_alertevent e WHERE e.alert_id = a.id)""")
        owner.execute("""
            INSERT INTO recovery_alertevent (clinic_id, alert_id, kind, at, detail)
            SELECT clinic_id, id, 'closed', ended_at, '{}' FROM recovery_alert WHERE status = 'closed'""")
        owner.execute("""
            INSERT INTO recovery_attempt (clinic_id, notification_id, number, started_at, outcome, error)
            SELECT clinic_id, id, 1, planned_at, 'sent', '' FROM recovery_notification""")
        owner.execute(
            "UPDATE recovery_notification SET status = 'sent', sent_at = now() WHERE status <> 'sent'"
        )
        owner.execute("UPDATE recovery_letter SET status = 'sent', sent_at = now() WHERE status <> 'sent'")
        owner.execute(
            "UPDATE recovery_assessment SET flagged_at = now(), flagged_by = 'watch' WHERE flagged_at IS NULL"
        )
        owner.execute("""
            INSERT INTO recovery_pause (clinic_id, episode_id, from_at, until_at, reason)
            SELECT clinic_id, id, procedure_at, procedure_at + interval '13 h', 'Enrolled later than this.'
              FROM recovery_episode""")
        owner.execute("""
            UPDATE recovery_alert SET next_step_at = now() + interval '1 hour', lap_at = opened_at
             WHERE status = 'open'""")
        copies.settle(
            owner, *world.PEOPLE, *world.REPORTS, *desk.ALERTS, "recovery_alertevent", "recovery_attempt"
        )


def _looks() -> dict[str, Any]:
    from recovery import auditor
    from recovery.models import Assessment, CheckIn, Defect, Episode

    now, took, rounds = datetime.now(UTC), list[int](), dict[str, int]()
    for number in range(LOOKS):
        later = timedelta(seconds=20 * number)
        look = auditor.look(now=now, later=later, programs=())
        took.append(look.run.took_ms)
        if look.run.late:
            raise RuntimeError(f"not in time: {look.run.late}")
        for name, came in look.run.sweeps.items():
            if name != HEAD and came[1] and name not in rounds:
                rounds[name] = number + 1
    (place, times), top = look.run.sweeps["anew"], Episode.objects.latest("pk").pk
    kinds = sorted(Defect.objects.values_list("kind", "place")[:20])
    if kinds:
        raise RuntimeError(f"a false alarm: {kinds}")
    return {
        "check_ins": CheckIn.objects.count(),
        "verdicts": Assessment.objects.count(),
        "look_worst_s": round(max(took) / 1000, 2),
        "look_median_s": round(statistics.median(took) / 1000, 2),
        "looks_to_see_every_report": rounds.get("reports", LOOKS),
        "looks_to_see_every_red_flag": rounds.get("red flags", LOOKS),
        "judged_anew_share_per_look": round((place + times * top) / top / LOOKS, 4),
    }
