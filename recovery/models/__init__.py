"""What is stored: check-ins against a recovery timeline, what was judged of them, and what was done about it."""

from .alert import Alert, AlertEvent
from .assessment import Assessment
from .audit import AuditEvent
from .check_in import CheckIn, CheckInRevision
from .clinic import CareTeam, Clinic, Membership
from .contact import Contact
from .device import DeviceToken, EnrolmentCode
from .episode import Episode, EpisodeEvent, Pause
from .mute import Mute
from .notification import Attempt, Notification
from .patient import Consent, Patient
from .quarantine import Quarantine
from .user import User

__all__ = [
    "Alert",
    "AlertEvent",
    "Assessment",
    "Attempt",
    "AuditEvent",
    "CareTeam",
    "CheckIn",
    "CheckInRevision",
    "Clinic",
    "Consent",
    "Contact",
    "DeviceToken",
    "EnrolmentCode",
    "Episode",
    "EpisodeEvent",
    "Membership",
    "Mute",
    "Notification",
    "Patient",
    "Pause",
    "Quarantine",
    "User",
]
