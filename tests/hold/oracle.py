"""What must be true of one recovery, derived anew from what is stored: by the pure core, not by the operations.

The marks I1 ... I12 are those of the list of invariants that hold after any fault.
"""

from typing import Any
from uuid import UUID

from recovery import assessments
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import assess
from recovery.clinical.facts import Earlier, Report
from recovery.models import Assessment, CheckIn, CheckInRevision, Episode, Notification
from tests.hold import alerted, told
from tests.notifications.postbox import Postbox


def assert_all_is_well(episode: Episode, mailbox: Postbox, *, deaths: int, on_their_way: int = 0) -> None:
    """Everything below, and who was told of it, when there was time to do what was owed. `deaths` is how many workers
    died that may have been sending, `on_their_way` how many were sending while somebody took an alert on."""
    episode = Episode.objects.select_related("clinic").get(pk=episode.pk)
    assert_nothing_is_owed(episode)
    assert_each_report_is_judged_once_and_rightly(episode)
    assert_every_revision_was_judged(episode)
    alerted.assert_no_red_flag_was_dropped(episode)
    alerted.assert_no_alert_is_without_its_finding(episode)
    alerted.assert_one_live_alert_per_rule(episode)
    told.assert_everybody_was_told_once(episode)
    told.assert_each_message_left_once(episode, mailbox, deaths=deaths)
    told.assert_nobody_was_told_too_late(episode, on_their_way=on_their_way)
    told.assert_repeats_keep_their_limits(episode)
    alerted.assert_what_resolved_itself_might(episode)
    alerted.assert_every_move_left_an_event(episode)
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


def assert_every_revision_was_judged(episode: Episode) -> None:
    """I2, on what was corrected since, too: a correction takes no red flag back, not even one that came first."""
    check_ins = CheckIn.objects.filter(episode=episode).values_list("pk", "revision")
    superseded = CheckInRevision.objects.filter(episode=episode).values_list("check_in", "revision")
    judged = Assessment.objects.filter(episode=episode, check_in__isnull=False)
    assert set(judged.values_list("check_in", "revision")) == {*check_ins, *superseded}


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
