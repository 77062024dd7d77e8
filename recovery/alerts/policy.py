"""Which clearing policy holds for an alert (specification 8): that of its rule, and from same_day on always C1."""

from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.models import Alert

C1 = "C1"
"""Only a clinician ends it, with a reason and an outcome."""


def of(alert: Alert) -> str:
    rule = protocols.get_or_default(alert.episode.protocol).rules.get(alert.rule)
    return C1 if rule is None or alert.tier >= Tier.SAME_DAY else rule.clears
