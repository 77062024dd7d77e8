"""What is stored: check-ins against a recovery timeline, what was judged of them, and what was done about it."""

from .alert import Alert, AlertEvent
from .assessment import Assessment
from .audit import AuditBatch, AuditEvent
from .audit_run import AuditRun, Defect
from .canary import Canary, CanaryRun
from .caregiver import Caregiver
from .check_in import CheckIn, CheckInRevision
from .clinic import CareTeam, Clinic, Membership
from .contact import Contact
from .device import DeviceToken, EnrolmentCode
from .episode import Episode, EpisodeEvent, Pause
from .erasure import Erasure, LegalHold
from .escalation import EscalationPolicy
from .heartbeat import Heartbeat, Tally
from .letter import Letter
from .mute import Mute
from .notification import Attempt, Notification
from .patient import Consent, Patient
from .quarantine import Quarantine
from .reminder import PhoneSign, Preferences, Reminder
from .retention import RetentionRule, RetentionTurn
from .rota import NightCheck, RotaOverride, RotaShift
from .sign_off import ProtocolApproval, ProtocolReplay
from .staff import Invitation, Oversight, RecoveryCode, StaffSession
from .user import User

__all__ = [
    "Alert",
    "AlertEvent",
    "Assessment",
    "Attempt",
    "AuditBatch",
    "AuditEvent",
    "AuditRun",
    "Canary",
    "CanaryRun",
    "CareTeam",
    "Caregiver",
    "CheckIn",
    "CheckInRevision",
    "Clinic",
    "Consent",
    "Contact",
    "Defect",
    "DeviceToken",
    "EnrolmentCode",
    "Episode",
    "EpisodeEvent",
    "Erasure",
    "EscalationPolicy",
    "Heartbeat",
    "Invitation",
    "LegalHold",
    "Letter",
    "Membership",
    "Mute",
    "NightCheck",
    "Notification",
    "Oversight",
    "Patient",
    "Pause",
    "PhoneSign",
    "Preferences",
    "ProtocolApproval",
    "ProtocolReplay",
    "Quarantine",
    "RecoveryCode",
    "Reminder",
    "RetentionRule",
    "RetentionTurn",
    "RotaOverride",
    "RotaShift",
    "StaffSession",
    "Tally",
    "User",
]
