"""In whose hands an alert is, in words."""

from recovery import access
from recovery.models import Alert


def whose(alert: Alert) -> str:
    """Of a live alert that was read by `AlertQuerySet.with_owner`."""
    if alert.owner is None:
        return "nobody has taken it on"
    return f"{alert.owner.name} {'had it and has left the team' if access.has_left(alert) else 'has it'}"
