"""The words of a message. It says that something waits, how urgent it is, and where to sign in; nothing else, for
anybody may read it on a locked screen."""

from collections.abc import Sequence

from django.conf import settings

from recovery.clinical.tiers import Tier
from recovery.models import Notification
from recovery.notifications.channels import Message

SUBJECTS = {
    Tier.EMERGENCY: "Urgent item: please sign in",
    Tier.SAME_DAY: "Item for today: please sign in",
}
OPENINGS = {
    Tier.EMERGENCY: "An urgent item needs somebody now. Please sign in and take it on:",
    Tier.SAME_DAY: "An item needs somebody today. Please sign in and take it on:",
}


def compose(intents: Sequence[Notification]) -> Message:
    """One message for the intents that share a key, the most urgent first."""
    ranked = sorted(intents, key=lambda intent: (-intent.tier, intent.pk))
    first, others = ranked[0], ranked[1:]
    tier = Tier(first.tier)
    paragraphs = [OPENINGS[tier], _link(first)]
    if others:
        paragraphs += ["It came with:", "\n".join(_link(intent) for intent in others)]
    paragraphs.append("This message was sent by a machine. Replies are not read.")
    return Message(
        key=first.message_key,
        to=first.recipient.email,
        urgent=tier is Tier.EMERGENCY,
        subject=SUBJECTS[tier],
        text="\n\n".join(paragraphs) + "\n",
    )


def _link(intent: Notification) -> str:
    return f"{settings.BASE_URL}/alerts/{intent.alert.uuid}"
