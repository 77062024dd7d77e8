"""The words of a message. It says that something waits, how urgent it is, and where to sign in; nothing else, for
anybody may read it on a locked screen."""

from collections.abc import Sequence

from django.conf import settings

from recovery import sealing
from recovery.clinical.tiers import Tier
from recovery.notifications.channels import Message, Permanent
from recovery.notifications.claims import Intent
from recovery.notifications.plan import REMINDED

SUBJECTS = {
    Tier.EMERGENCY: "Urgent item: please sign in",
    Tier.SAME_DAY: "Item for today: please sign in",
    Tier.WITHIN_24H: "Item that waits: please sign in",
}
OPENINGS = {
    Tier.EMERGENCY: "An urgent item needs somebody now. Please sign in and take it on:",
    Tier.SAME_DAY: "An item needs somebody today. Please sign in and take it on:",
    Tier.WITHIN_24H: "An item has waited for hours. Please sign in and take it on:",
}
REMINDER = "You have taken this on, and no contact with the patient is on record. Please sign in:"
OUTSIDE = "An item of another care team of your clinic waits, and nobody of that team has taken it on. Please sign in:"


def compose(intents: Sequence[Intent]) -> Message:
    """One message for the intents that share a key, the most urgent first. Raises Permanent if its secrets are lost."""
    ranked = sorted(intents, key=lambda intent: (-intent.tier, intent.id))
    first, links = ranked[0], list(dict.fromkeys(_link(intent) for intent in ranked))
    paragraphs = [_opening(ranked), links[0]]
    if links[1:]:
        paragraphs += ["It came with:", "\n".join(links[1:])]
    paragraphs.append("This message was sent by a machine. Replies are not read.")
    return Message(
        key=first.key,
        to=first.to,
        tier=first.tier,
        subject=SUBJECTS[first.tier],
        text="\n\n".join(paragraphs) + "\n",
        short=_short(first.tier, links),
        links=tuple(links),
        secrets=_secrets(first.sealed_secrets),
    )


def _short(tier: Tier, links: Sequence[str]) -> str:
    others = f" (and {len(links) - 1} more)" if links[1:] else ""
    return f"{SUBJECTS[tier]}{others} {links[0]}"


def _opening(intents: Sequence[Intent]) -> str:
    if any(intent.is_outside for intent in intents):
        return OUTSIDE
    if all(intent.step.startswith(REMINDED) for intent in intents):
        return REMINDER
    return OPENINGS[intents[0].tier]


def _link(intent: Intent) -> str:
    """To the alert; for who may not see it, to the page that says which team has to be rung."""
    if intent.is_outside:
        return f"{settings.BASE_URL}/escalation"
    return f"{settings.BASE_URL}/alerts/{intent.alert}"


def _secrets(sealed: str) -> tuple[str, ...]:
    try:
        return tuple(sealing.unseal(sealed).split()) if sealed else ()
    except sealing.CannotUnseal:
        raise Permanent("secret-lost") from None
