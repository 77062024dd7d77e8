"""What must be true of one recovery, derived anew from what is stored: by the pure core, not by the operations.

The marks I1 ... I12 are those of the list of invariants that hold after any fault.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from recovery import assessments
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding, assess
from recovery.clinical.facts import Earlier, Report
from recovery.clinical.tiers import Tier
from recovery.clinical.worse import is_worse
from recovery.models import Alert, AlertEvent, Assessment, CheckIn, Episode, Mute, Notification
from tests.hold import told
from tests.notifications.postbox import Postbox

K, S = AlertEvent.Kind, Alert.Status
REPORTED = (K.OPENED, K.RAISED, K.JOINED)
ENDED_BY = {K.CLOSED: S.CLOSED, K.RESOLVED: S.RESOLVED}


def assert_all_is_well(episode: Episode, mailbox: Postbox, *, deaths: int) -> None:
    """Everything below, and who was told of it, when there was time to do what was owed. `deaths` is how many workers
    died that may have been sending."""
    episode = Episode.objects.select_related("clinic").get(pk=episode.pk)
    assert_nothing_is_owed(episode)
    assert_each_report_is_judged_once_and_rightly(episode)
    assert_no_red_flag_was_dropped(episode)
    assert_no_alert_is_without_its_finding(episode)
    assert_one_live_alert_per_rule(episode)
    told.assert_everybody_was_told_once(episode)
    told.assert_each_message_left_once(episode, mailbox, deaths=deaths)
    told.assert_nobody_was_told_too_late(episode)
    told.assert_repeats_keep_their_limits(episode)
    assert_every_move_left_an_event(episode)
    assert_nothing_left_the_clinic(episode)


def verdicts(episode: Episode) -> dict[UUID, dict[str, Any]]:
    """The verdict of every report that stands, on the reports that stand before it."""
    procedure = assessments.procedure_of(episode)
    reports = [
        Report(
            observed_at=row.observed_at,
            answers=row.answers,
            received_at=row.received_at,
            completed=row.status == "completed",
            id=str(row.client_id),
        )
        for row in CheckIn.objects.filter(episode=episode, withdrawn_at=None)
    ]
    found = {}
    for report in reports:
        verdict = assess(
            protocol=protocols.get(episode.protocol),
            procedure=procedure,
            baseline=assessments.baseline_of(episode),
            history=[Earlier.of(other, procedure) for other in reports if other is not report],
            report=report,
        )
        found[UUID(report.id)] = {
            "tier": int(verdict.tier),
            "hours": verdict.hours,
            "findings": [finding.to_document() for finding in verdict.findings],
        }
    return found


def assert_each_report_is_judged_once_and_rightly(episode: Episode) -> None:
    """I2, on what stands and the reports that stand before it."""
    current = Assessment.objects.filter(
        episode=episode, is_current=True, check_in__isnull=False, check_in__withdrawn_at=None
    )
    stored = {
        row.check_in.client_id: {"tier": row.tier, "hours": row.hours, "findings": row.findings}
        for row in current.select_related("check_in")
    }
    assert len(stored) == current.count()
    right = verdicts(episode)
    assert stored == right, {
        key: (stored.get(key), right.get(key)) for key in stored | right if stored.get(key) != right.get(key)
    }


def assert_no_red_flag_was_dropped(episode: Episode) -> None:
    """I3: whatever stood at same_day or above in any verdict had an alert of its rule and at least its tier.

    And when it stood in a report for the first time, the report itself opened, raised or joined that alert: an alert
    that was closed before does not count. What was muted is the one exception.
    """
    mutes = list(Mute.objects.filter(episode=episode))
    alerted = {
        (event.assessment_id, event.alert.rule): event.tier
        for event in AlertEvent.objects.filter(alert__episode=episode, kind__in=REPORTED).select_related(
            "alert"
        )
    }
    highest: dict[str, int] = {}
    for rule, tier in Alert.objects.filter(episode=episode).values_list("rule", "tier"):
        highest[rule] = max(tier, highest.get(rule, 0))
    for row, finding, is_first in _urgent(episode):
        rule, tier = finding.rule, finding.tier
        if any(_covers(mute, finding, row) for mute in mutes):
            continue
        assert highest.get(rule, 0) >= tier, f"no alert for {rule} of {row}"
        assert not is_first or alerted.get((row.pk, rule)) == tier, f"{row} did not alert {rule}"


def _covers(mute: Mute, finding: Finding, row: Assessment) -> bool:
    """Whether the finding was known and expected when it came to the team. Nothing worse ever is, nor an emergency."""
    assert row.flagged_at is not None
    until_at = min(mute.until_at, mute.ended_at or mute.until_at)
    return (
        mute.rule == finding.rule
        and finding.tier < Tier.EMERGENCY
        and mute.from_at <= row.flagged_at <= until_at
        and not is_worse(finding, Finding.from_document(mute.known))
    )


def _urgent(episode: Episode) -> Iterator[tuple[Assessment, Finding, bool]]:
    """What was found at same_day or above by a report or a refused body; whether that report found it for the first
    time. Silence is left out: one that was broken before it was told is told to nobody."""
    found: dict[tuple[int | None, str], Tier] = {}
    rows = Assessment.objects.filter(episode=episode, silent_slot=None).order_by("pk")
    for row in rows:
        assert row.tier is not None
        for finding in map(Finding.from_document, row.findings):
            known = found.get((row.check_in_id, finding.rule), Tier.NONE) if row.check_in_id else Tier.NONE
            if finding.tier >= Tier.SAME_DAY:
                yield row, finding, finding.tier > known
            if row.check_in_id:
                found[row.check_in_id, finding.rule] = max(finding.tier, known)


def assert_no_alert_is_without_its_finding(episode: Episode) -> None:
    """I3, the other way round: whatever opened, joined or raised an alert stands in the verdict that it names."""
    events = AlertEvent.objects.filter(alert__episode=episode, kind__in=REPORTED)
    for event in events.select_related("alert", "assessment"):
        found = {(each["rule"], Tier.of(each["tier"])) for each in event.assessment.findings}
        assert (event.alert.rule, event.tier) in found


def assert_one_live_alert_per_rule(episode: Episode) -> None:
    """I3"""
    live = Counter(episode.alerts.filter(status__in=Alert.LIVE).values_list("rule", flat=True))
    assert all(count == 1 for count in live.values()), live


def assert_every_move_left_an_event(episode: Episode) -> None:
    """I9: each alert begins with being opened, and is what its events say."""
    for alert in episode.alerts.all():
        kinds = [K(kind) for kind in alert.events.order_by("id").values_list("kind", flat=True)]
        assert kinds[0] == K.OPENED
        assert kinds.count(K.OPENED) == 1
        ended = next((place for place, kind in enumerate(kinds) if kind in ENDED_BY), len(kinds))
        assert not set(kinds[ended:]) & set(REPORTED), "what comes after the end opens an alert of its own"
        ends = [ENDED_BY[kind] for kind in kinds if kind in ENDED_BY]
        taken_on = S.ACKNOWLEDGED if K.ACKNOWLEDGED in kinds else S.OPEN
        assert ([alert.status] if ends else []) == ends
        assert ends or alert.status == taken_on


def assert_nothing_left_the_clinic(episode: Episode) -> None:
    """I10: alerts, and who is told of them, belong to the clinic and the team of the episode."""
    assert not episode.alerts.exclude(clinic=episode.clinic_id, team=episode.team_id).exists()
    strangers = Notification.objects.filter(alert__episode=episode).exclude(
        clinic=episode.clinic_id, recipient__memberships__team=episode.team_id
    )
    assert not strangers.exists()


def assert_nothing_is_owed(episode: Episode) -> None:
    """I5, when there was time to do it all."""
    assert not Assessment.objects.filter(episode=episode, flagged_at=None).exists()
    assert not Episode.objects.filter(pk=episode.pk, rejudge_from__isnull=False).exists()
    waiting = (Notification.Status.WAITING, Notification.Status.SENDING)
    assert not Notification.objects.filter(alert__episode=episode, status__in=waiting).exists()
