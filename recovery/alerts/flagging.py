"""From findings to alerts (specification 8): one assessment opens, joins and raises alerts and plans who is told.

In one transaction. Whoever comes first, Celery or the watch, does it; whoever comes second finds nothing owed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from recovery import assessments, silence, statements, verdicts
from recovery.alerts import changed, clearing, muting, usual
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding
from recovery.clinical.tiers import Tier
from recovery.escalation import schedule, steps
from recovery.escalation.policy import C1
from recovery.escalation.recipients import people
from recovery.models import Alert, AlertEvent, Assessment, CheckIn
from recovery.notifications import plan

FLAGGING = 0x5245_0001
"""Class of the advisory lock that keeps two flaggings of one episode apart, without holding up its check-ins."""

# No key is changed: whoever holds the episode may refer to the verdict meanwhile, as a report does that is taken back.
# From here on no row of another clinic is in reach, until the transaction ends (ADR 31).
_CLAIM = """
    SELECT episode_id, clinic_id, pg_advisory_xact_lock(%s::int, (episode_id %% 2147483648)::int),
           set_config('recovery.clinics', format('{%%s}', clinic_id), true)
      FROM (SELECT episode_id, clinic_id FROM recovery_assessment
             WHERE id = %s AND flagged_at IS NULL FOR NO KEY UPDATE SKIP LOCKED) AS ours
"""

# What judging at last writes to: the episode, and then the verdict that its own takes the place of.
_HOLD = (
    """SELECT e.id FROM recovery_assessment a JOIN recovery_episode e ON e.id = a.episode_id
        WHERE a.id = %s FOR NO KEY UPDATE OF e""",
    """SELECT b.id FROM recovery_assessment a JOIN recovery_assessment b ON b.check_in_id = a.check_in_id
        WHERE a.id = %s AND b.id <> a.id AND b.is_current FOR NO KEY UPDATE OF b""",
)


class Tell(NamedTuple):
    """That an alert is told, why (the step), and to whom: in the words of a policy; and its owner, who is always told
    that it was raised."""

    alert_id: int
    step: str
    to: tuple[str, ...]
    owner_id: int | None = None


class Flagged(NamedTuple):
    """The notifications planned, and whether later reports of the episode must be judged anew."""

    planned: list[int]
    to_rejudge: bool


def flag(*, assessment_id: int, by: str, now: datetime) -> list[int]:
    """Flag one assessment to the team. Returns the notifications planned; nothing when it was flagged before.

    `by` is the road: "celery" or "watch". Raises whatever goes wrong, with nothing done; the row stays owed.
    """
    return flag_if_owed(assessment_id, by=by, now=now) or []


def flag_if_owed(assessment_id: int, *, by: str, now: datetime) -> list[int] | None:
    """The same; None when nothing was owed, or somebody else is at it."""
    for may_judge in (False, True):
        with transaction.atomic():
            if may_judge:
                _hold(assessment_id)
            claimed = _claim(assessment_id)
            if claimed is None:
                return None
            episode_id, clinic_id = claimed
            with statements.narrowed(clinic_id):
                done = _flag_claimed(assessment_id, may_judge=may_judge, by=by, now=now)
        if done is not None:
            again = _flag_rejudged(episode_id, by=by, now=now) if done.to_rejudge else []
            return done.planned + again
    raise AssertionError("what was to be judged first was held, and was not judged")


def _flag_claimed(assessment_id: int, *, may_judge: bool, by: str, now: datetime) -> Flagged | None:
    """None for what has to be judged first, which is for whoever holds what that writes to: nothing was done."""
    if opened := usual.open_alerts(assessment_id, by=by, now=now):
        planned = plan.tell_team(
            assessment_id=assessment_id,
            alerts=[(alert_id, "opened") for alert_id in opened.alerts],
            to=people(opened.first_told(), team_id=opened.team_id, now=now),
            now=now,
            road=by,
        )
        return Flagged(planned, opened.to_rejudge)
    assessment = Assessment.objects.select_related("episode__clinic", "check_in").get(pk=assessment_id)
    episode = assessment.episode
    if assessment.tier is None:
        if not may_judge:
            return None
        assessment = _judge_at_last(assessment, by=by, now=now)
    tell: list[Tell] = []
    findings = _new_findings(assessment)
    _lock_alerts(episode.pk, [finding.rule for finding in findings])
    for finding in findings:
        if muting.is_muted(finding, episode=episode, now=now):
            continue
        if told := _open_or_join(finding, assessment, now=now):
            tell.append(told)
    changed.note_changes(assessment, now=now)
    clearing.resolve_cleared(episode=episode, now=now)
    planned = _tell(tell, assessment, now=now, road=by)
    _mark_flagged(assessment, by=by, now=now)
    return Flagged(planned, episode.rejudge_from is not None)


def open_service_alert(rule: str, *, assessment: Assessment, now: datetime) -> list[int]:
    """Open (or join) an alert about the service itself, as urgent as what it keeps from being told at the least."""
    one_at_a_time(assessment.episode_id)
    finding = verdicts.service_finding(rule, protocol=assessment.protocol)
    finding = replace(finding, tier=max(finding.tier, Tier(assessment.tier or Tier.NONE)))
    told = _open_or_join(finding, assessment, now=now)
    return _tell([told] if told else [], assessment, now=now, road=Assessment.FlaggedBy.WATCH)


def _tell(tell: Sequence[Tell], assessment: Assessment, *, now: datetime, road: str) -> list[int]:
    """All of one report as one message: to whoever is to be told of any of it."""
    if not tell:
        return []
    to = people({word for each in tell for word in each.to}, team_id=assessment.episode.team_id, now=now)
    return plan.tell_team(
        assessment_id=assessment.pk,
        alerts=[(each.alert_id, each.step) for each in tell],
        to=to.with_these(each.owner_id for each in tell if each.owner_id),
        now=now,
        road=road,
    )


def _claim(assessment_id: int) -> tuple[int, int] | None:
    """The episode and its clinic, once the assessment is ours and no other of the episode is being flagged. None when
    it is not owed, or somebody else is at it."""
    row = statements.fetch_one(_CLAIM, [FLAGGING, assessment_id])
    return None if row is None else (row[0], row[1])


def _hold(assessment_id: int) -> None:
    for statement in _HOLD:
        statements.fetch_all(statement, [assessment_id])


def one_at_a_time(episode_id: int) -> None:
    """Nothing else of the episode is flagged until the transaction ends.

    To be asked after all else that is locked, but alerts: the episode, then verdicts, then this. Who has this waits for
    neither, and whoever holds the episode may wait for a verdict that is being flagged.
    """
    statements.fetch_all(
        "SELECT pg_advisory_xact_lock(%s::int, (%s %% 2147483648)::int)", [FLAGGING, episode_id]
    )


def _lock_alerts(episode_id: int, rules: Sequence[str]) -> None:
    """In the order in which delivery locks them when it writes down what it told: so neither waits for the other."""
    live = Alert.objects.filter(episode=episode_id, rule__in=rules, status__in=Alert.LIVE).order_by("pk")
    list(live.select_for_update(no_key=True).values_list("pk"))


def _judge_at_last(assessment: Assessment, *, by: str, now: datetime) -> Assessment:
    """Judge what could not be judged when it arrived. Raises when it still cannot."""
    if assessment.check_in is None:
        raise RuntimeError("a verdict without a tier belongs to no check-in")
    check_in, episode = assessment.check_in, assessment.episode
    old = None
    if (
        assessment.revision != check_in.revision
    ):  # corrected since: what it said then must not be lost by that
        old = check_in.revisions.get(revision=assessment.revision)
    verdict = (
        assessments.judge_revision(episode=episode, check_in=check_in, old=old)
        if old
        else assessments.judge_stored(episode=episode, check_in=check_in)
    )
    if verdict is None:
        raise RuntimeError("the check-in still cannot be judged")
    _mark_flagged(assessment, by=by, now=now)
    if old:
        return assessments.superseded(
            check_in=check_in,
            revision=old.revision,
            episode=episode,
            verdict=verdict,
            at=old.effective_at,
            now=now,
        )
    silence.owe_anew(episode.pk, from_at=check_in.effective_at)
    return assessments.replace(check_in=check_in, episode=episode, verdict=verdict, now=now)


def _new_findings(assessment: Assessment) -> list[Finding]:
    """The findings that the assessment of the same check-in or slot before this one did not hold, or held lower.

    Before this one: the latest of the latest revision, since a superseded revision may be judged after its correction;
    of a refused report that was judged by hand, what could be read of it by itself.
    A correction, the rest of a half-finished check-in or a new judgement repeats what was found before; only what is
    new or worse opens or raises an alert (one that was closed meanwhile is not opened again by it). Silence that was
    broken by the time it is told is none.
    """
    if assessment.silent_slot is not None and _heard_since(assessment):
        return []
    found = {document["rule"]: Tier.of(document["tier"]) for document in _found_before(assessment)}
    return [
        finding
        for finding in verdicts.findings_of(assessment)
        if (finding.rule, finding.tier) not in silence.PATIENT_ONLY
        and finding.tier > found.get(finding.rule, Tier.NONE)
    ]


def _found_before(assessment: Assessment) -> list[dict[str, Any]]:
    older = Assessment.objects.filter(pk__lt=assessment.pk)
    if assessment.silent_slot is not None:
        own = older.filter(episode=assessment.episode_id, silent_slot=assessment.silent_slot)
    else:
        own = older.filter(check_in__isnull=False, check_in=assessment.check_in_id)
    latest = own.order_by("-revision", "-pk").values_list("findings", flat=True).first()
    if latest is None and assessment.check_in and assessment.check_in.answered_by == CheckIn.AnsweredBy.NURSE:
        latest = (
            older.filter(quarantine__check_in=assessment.check_in).values_list("findings", flat=True).first()
        )
    return latest or []


def _open_or_join(finding: Finding, assessment: Assessment, *, now: datetime) -> Tell | None:
    """Open, raise or join the alert of this finding. What the team is to be told of it now (None: nothing)."""
    episode = assessment.episode
    alert = (
        Alert.objects.select_for_update(no_key=True)
        .filter(episode=episode, rule=finding.rule, status__in=Alert.LIVE)
        .first()
    )
    if alert is None:
        alert = Alert.objects.create(
            clinic_id=episode.clinic_id,
            team_id=episode.team_id,
            episode=episode,
            rule=finding.rule,
            tier=finding.tier,
            opened_at=now,
            tier_at=now,
            first_assessment=assessment,
            latest_assessment=assessment,
            changed_at=now,
            **steps.opened(team_id=episode.team_id, tier=finding.tier, now=now),
        )
        step, kind = "opened", AlertEvent.Kind.OPENED
    elif finding.tier > alert.tier:
        alert.tier, alert.tier_at = finding.tier, now
        begun = steps.raised(alert, now=now)
        Alert.objects.filter(pk=alert.pk).update(
            tier=finding.tier, tier_at=now, latest_assessment=assessment, changed_at=now, **begun
        )
        alert.escalation = begun.get("escalation", alert.escalation)
        step, kind = f"raised-{finding.tier.code}", AlertEvent.Kind.RAISED
    else:
        anew: dict[str, Any] = {}
        if _wants_a_call_again(alert, assessment):
            alert.tier_at = now
            anew = {"tier_at": now} | steps.raised(alert, now=now)
        Alert.objects.filter(pk=alert.pk).update(latest_assessment=assessment, changed_at=now, **anew)
        step, kind = f"repeat-{assessment.pk}", AlertEvent.Kind.JOINED
    AlertEvent.objects.create(
        clinic_id=alert.clinic_id, alert=alert, kind=kind, at=now, tier=finding.tier, assessment=assessment
    )
    is_repeat = kind == AlertEvent.Kind.JOINED
    if alert.tier < Tier.SAME_DAY or (is_repeat and not _may_repeat(alert, now)):
        return None
    policy = schedule.policy_of(alert)
    if not is_repeat:
        return Tell(alert.pk, step, schedule.words(policy, [0]), alert.owner_id)
    to = schedule.told_so_far(alert, policy)
    steps.told_again(alert, now=now)
    return Tell(alert.pk, step, to)


def _wants_a_call_again(alert: Alert, assessment: Assessment) -> bool:
    """Whether the patient, whom the owner of the alert has reached, says it again since: they wait as they would after
    it was closed (ADR 21). What was felt before the call was talked about in it."""
    is_owned = alert.status == Alert.Status.ACKNOWLEDGED
    return is_owned and alert.reached_at is not None and assessment.effective_at > alert.reached_at


def _may_repeat(alert: Alert, now: datetime) -> bool:
    """C1: while an alert is open, a new finding tells the team again at most so often."""
    return alert.told_at is None or now - alert.told_at >= C1[Tier(alert.tier)]


def _mark_flagged(assessment: Assessment, *, by: str, now: datetime) -> None:
    Assessment.objects.filter(pk=assessment.pk).update(flagged_at=now, flagged_by=by)


def _flag_rejudged(episode_id: int, *, by: str, now: datetime) -> list[int]:
    """Judge the episode's later check-ins anew and flag what changed. A failure here is the watch's to repeat."""
    assessments.rejudge(episode_id=episode_id, now=now)
    owed: Sequence[int] = list(
        Assessment.objects.filter(episode=episode_id, flagged_at=None, set_aside_at=None)
        .order_by("effective_at", "pk")
        .values_list("pk", flat=True)
    )
    return [notification for pk in owed for notification in flag(assessment_id=pk, by=by, now=now)]


def _heard_since(assessment: Assessment) -> bool:
    """Whether a completed check-in fills the silent slot or a later one by now."""
    slots = {slot.id: slot for slot in protocols.get(assessment.protocol).slots}
    slot = slots.get(assessment.silent_slot or "")
    if slot is None:
        return False
    opened_at = assessment.episode.procedure_at + timedelta(hours=slot.open_h)
    return CheckIn.objects.filter(
        episode_id=assessment.episode_id,
        status=CheckIn.Status.COMPLETED,
        withdrawn_at=None,
        effective_at__gte=opened_at,
    ).exists()
