"""Who must have been told of what, how often, and when no more: derived from what was planned, and from the history of
the alerts. The marks are those of oracle.py."""

from collections import Counter
from datetime import datetime, timedelta

from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Episode, Membership, Notification
from tests.notifications.postbox import Postbox

K = AlertEvent.Kind

REPEAT_AFTER = {Tier.EMERGENCY: timedelta(hours=1), Tier.SAME_DAY: timedelta(hours=4)}
"""Specification 8, C1."""


def assert_everybody_was_told_once(episode: Episode) -> None:
    """I4: of every alert that reached same_day the whole team was to be told, once per step."""
    team = set(Membership.objects.filter(team=episode.team, ended_at=None).values_list("user", flat=True))
    intents = Notification.objects.filter(alert__episode=episode)
    steps = Counter(intents.values_list("alert", "step", "recipient", "channel"))
    assert all(count == 1 for count in steps.values())
    for alert in episode.alerts.filter(tier__gte=Tier.SAME_DAY):
        first_told = alert.notifications.exclude(step__startswith="repeat")
        assert set(first_told.values_list("recipient", flat=True)) == team, f"{alert} of {alert.rule}"


def assert_each_message_left_once(episode: Episode, mailbox: Postbox, *, deaths: int) -> None:
    """I6: what counts as sent was accepted by the provider; only who died while sending made it leave again, under the
    same key, and once for each death at most."""
    arrived = Counter(key.strip("<").partition("@")[0] for key in mailbox.message_ids)
    planned = Notification.objects.filter(alert__episode=episode)
    keys = {str(key) for key in planned.values_list("message_key", flat=True)}
    sent = planned.filter(status=Notification.Status.SENT).values_list("message_key", flat=True)
    assert all(arrived[str(key)] for key in sent)
    again = sum(arrived[key] - 1 for key in keys if arrived[key])
    assert again <= deaths, f"{again} sent again"


def assert_nobody_was_told_too_late(episode: Episode, *, on_their_way: int = 0) -> None:
    """I7, by the history: nothing goes out for an alert that has ended. Of one that somebody took on, only what was
    raised since goes to everybody; what repeats itself, and what reminds, is for its owner. What was given back is for
    everybody again. `on_their_way` is how many may be sending at
    that instant: what each of them is at cannot be called back."""
    for alert in episode.alerts.all():
        owner, has_ended, late = None, False, 0
        for event in alert.events.order_by("id").select_related("by"):
            if event.kind == K.ACKNOWLEDGED:
                owner = event.by
            if event.kind == K.GIVEN_BACK:
                owner = None
            has_ended |= event.kind in {K.CLOSED, K.RESOLVED}
            if event.kind != K.TOLD:
                continue
            step = event.detail["step"]
            to_owner = owner is not None and event.detail["to"] == str(owner.uuid)
            is_due = (
                owner is None
                or step.startswith("raised")
                or (step.startswith(("repeat", "reminded")) and to_owner)
            )
            late += has_ended or not is_due
        assert late <= on_their_way


def assert_repeats_keep_their_limits(episode: Episode) -> None:
    """I8: while an alert is open, what is reported again is told again when its time has come: not before, and then for
    certain."""
    for alert in episode.alerts.all():
        _assert_repeats_of(alert)


def _assert_repeats_of(alert: Alert) -> None:
    steps = set(alert.notifications.values_list("step", flat=True))
    tier, told_at = Tier.NONE, None
    for event in alert.events.order_by("id"):
        if event.kind == K.TOLD:
            told_at = max(event.at, told_at or event.at)
        elif event.kind in {K.ESCALATED, K.REMINDED}:
            told_at = event.at  # when it is planned; the mail itself may leave much later
        elif event.kind in {K.OPENED, K.RAISED}:
            tier = Tier(event.tier)
            told_at = event.at if tier >= Tier.SAME_DAY else told_at
        elif event.kind == K.JOINED:
            is_due = tier >= Tier.SAME_DAY and _has_rested(tier, told_at, event.at)
            assert (f"repeat-{event.assessment_id}" in steps) == is_due
            told_at = event.at if is_due else told_at


def _has_rested(tier: Tier, told_at: datetime | None, now: datetime) -> bool:
    return told_at is None or now - told_at >= REPEAT_AFTER[tier]
