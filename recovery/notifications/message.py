"""The words of a message. It says that something waits, how urgent it is, and where to sign in; nothing else, for
anybody may read it on a locked screen."""

from collections.abc import Sequence

from django.conf import settings

from recovery.clinical.tiers import Tier
from recovery.notifications.channels import Message
from recovery.notifications.claims import Intent

SUBJECTS = {
    Tier.EMERGENCY: "Urgent item: please sign in",
    Tier.SAME_DAY: "Item for today: please sign in",
}
OPENINGS = {
    Tier.EMERGENCY: "An urgent item needs somebody now. Please sign in and take it on:",
    Tier.SAME_DAY: "An item needs somebody today. Please sign in and take it on:",
}


def compose(intents: Sequence[Intent]) -> Message:
    """One message for the intents that share a key, the most urgent first."""
    first, *others = sorted(intents, key=lambda intent: (-intent.tier, intent.id))
    paragraphs = [OPENINGS[first.tier], _link(first)]
    if others:
        paragraphs += ["It came with:", "\n".join(_link(intent) for intent in others)]
    paragraphs.append("This message was sent by a machine. Replies are not read.")
    return Message(
        key=first.key,
        to=first.to,
        urgent=first.tier is Tier.EMERGENCY,
        subject=SUBJECTS[first.tier],
        text="\n\n".join(paragraphs) + "\n",
    )


def _link(intent: Intent) -> str:
    return f"{settings.BASE_URL}/alerts/{intent.alert}"
