"""Which alerts there must be, and what each must have gone through: derived from what was judged, and from the history
of the alerts. The marks are those of oracle.py."""

from collections import Counter
from collections.abc import Iterator

from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding
from recovery.clinical.tiers import Tier
from recovery.clinical.worse import is_worse
from recovery.models import Alert, AlertEvent, Assessment, Episode, Mute

K, S = AlertEvent.Kind, Alert.Status
REPORTED = (K.OPENED, K.RAISED, K.JOINED)
ENDED_BY = {K.CLOSED: S.CLOSED, K.RESOLVED: S.RESOLVED}
IN_HANDS_BY = {K.ACKNOWLEDGED: S.ACKNOWLEDGED, K.GIVEN_BACK: S.OPEN}


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
    """I3, the other way round: whatever opened, joined or raised an alert stands in the verdict that it names, and each
    verdict did so once."""
    events = AlertEvent.objects.filter(alert__episode=episode, kind__in=REPORTED)
    for event in events.select_related("alert", "assessment"):
        found = {(each["rule"], Tier.of(each["tier"])) for each in event.assessment.findings}
        assert (event.alert.rule, event.tier) in found
    told = Counter(events.values_list("alert__rule", "assessment"))
    assert all(count == 1 for count in told.values()), told.most_common(1)


def assert_one_live_alert_per_rule(episode: Episode) -> None:
    """I3"""
    live = Counter(episode.alerts.filter(status__in=Alert.LIVE).values_list("rule", flat=True))
    assert all(count == 1 for count in live.values()), live


def assert_what_resolved_itself_might(episode: Episode) -> None:
    """I3, of what is live: nothing urgent ends without a clinician, and nothing of policy C1."""
    rules = protocols.get(episode.protocol).rules
    for alert in episode.alerts.filter(status=S.RESOLVED):
        assert alert.tier < Tier.SAME_DAY
        assert rules[alert.rule].clears != "C1"


def assert_every_move_left_an_event(episode: Episode) -> None:
    """I9: each alert begins with being opened, and is what its events say."""
    for alert in episode.alerts.all():
        kinds = [K(kind) for kind in alert.events.order_by("id").values_list("kind", flat=True)]
        assert kinds[0] == K.OPENED
        assert kinds.count(K.OPENED) == 1
        ended = next((place for place, kind in enumerate(kinds) if kind in ENDED_BY), len(kinds))
        assert not set(kinds[ended:]) & set(REPORTED), "what comes after the end opens an alert of its own"
        ends = [ENDED_BY[kind] for kind in kinds if kind in ENDED_BY]
        in_hands = [IN_HANDS_BY[kind] for kind in kinds if kind in IN_HANDS_BY]
        assert ([alert.status] if ends else []) == ends
        assert ends or alert.status == (in_hands[-1] if in_hands else S.OPEN)
