"""How an episode begins, and how a phone comes to report for it."""

from .begin import (
    CONSENT,
    LATEST_RESTART_H,
    consent_trouble,
    enrol,
    none_runs_beside,
    procedure_trouble,
    risks_worked_out,
)
from .codes import ALPHABET, CODE_LIFE, SECRET, expire_codes, issue_code, reach_of, redeem, unused_codes
from .contacts import change_contacts, contacts_seen
from .days import birthday_of, check_birthday, day_of, instant_of, time_of, time_zones
from .people import CALL_FIRST, CONTACT, LANGUAGES, NewPatient
from .phones import revoke, sign_off
from .refusals import (
    AlreadyEnrolled,
    CodeExpired,
    CodeInvalid,
    CodeLocked,
    EnrolmentRefused,
    LooksAlike,
    NobodyOnCall,
)
from .writing import levels_of, name_of, number_of, phone_of, plain_name, same_name, text_of

__all__ = [
    "ALPHABET",
    "CALL_FIRST",
    "CODE_LIFE",
    "CONSENT",
    "CONTACT",
    "LANGUAGES",
    "LATEST_RESTART_H",
    "SECRET",
    "AlreadyEnrolled",
    "CodeExpired",
    "CodeInvalid",
    "CodeLocked",
    "EnrolmentRefused",
    "LooksAlike",
    "NewPatient",
    "NobodyOnCall",
    "birthday_of",
    "change_contacts",
    "check_birthday",
    "consent_trouble",
    "contacts_seen",
    "day_of",
    "enrol",
    "expire_codes",
    "instant_of",
    "issue_code",
    "levels_of",
    "name_of",
    "none_runs_beside",
    "number_of",
    "phone_of",
    "plain_name",
    "procedure_trouble",
    "reach_of",
    "redeem",
    "revoke",
    "risks_worked_out",
    "same_name",
    "sign_off",
    "text_of",
    "time_of",
    "time_zones",
    "unused_codes",
]
