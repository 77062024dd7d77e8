"""The columns of a list: what each is called, what may stand in it, and one example that can be read."""

from dataclasses import dataclass

from recovery import enrolment
from recovery.clinical import protocol as protocols
from recovery.clinical.protocol import Item

BEFORE = "before_"
"""Begins the names of columns that hold the form before the procedure."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    says: str
    example: str = ""
    needed: bool = False


def _before(item: Item) -> Column:
    codes = ", ".join(item.codes)
    match item.kind:
        case "integer":
            return Column(f"{BEFORE}{item.link_id}", f"{item.low} to {item.high}", "8")
        case "choices":
            return Column(
                f"{BEFORE}{item.link_id}", f"none, or of {codes}; several with a blank between them", ""
            )
        case "temperature":
            return Column(f"{BEFORE}{item.link_id}", "with its unit: 36.6 C or 97.9 F", "36.6 C")
    return Column(f"{BEFORE}{item.link_id}", codes, item.codes[0] if item.codes else "")


_DAYS = "2026-03-05 or 5 March 2026"
_DOCUMENT = protocols.get()
COLUMNS = (
    Column("name", "first name and family name", "Ana Whitfield", needed=True),
    Column("date_of_birth", _DAYS, "1950-04-12", needed=True),
    Column("hospital_number", "as on the wristband", "H000012", needed=True),
    Column("phone", "the patient's; this or the caregiver's is needed", "020 7946 0123"),
    Column(
        "language", f"a code or its English name; empty means English. {', '.join(enrolment.LANGUAGES)}", "en"
    ),
    Column("caregiver_name", "", "Tom Whitfield"),
    Column("caregiver_phone", "", "020 7946 0456"),
    Column("call_first", "patient or caregiver; empty means patient", "patient"),
    Column("call_notes", "when and how to call", "after ten"),
    Column("procedure", "vertebroplasty or kyphoplasty", "vertebroplasty", needed=True),
    Column("levels", "vertebrae, with a blank between them", "T12 L1"),
    Column("procedure_date", _DAYS, "2026-03-05", needed=True),
    Column(
        "procedure_time",
        "when it ended, in the clinic's time: 14:05; empty when only the day is known",
        "14:05",
    ),
    Column("time_zone", "where the patient recovers; empty means the clinic's", ""),
    Column(
        "risk_factors",
        f"none, or of {', '.join(_DOCUMENT.risk_factors)}; several with a blank between them",
        "osteoporosis steroids",
        needed=True,
    ),
    Column("blood_thinner_restart_h", "hours after the procedure, if that is planned", ""),
    Column(
        "reminders",
        "how to remind of check-ins: sms, email, app or none; empty means none, until somebody chooses",
        "none",
    ),
    Column(
        "reminder_address",
        "the mobile number with its country code, or the e-mail address; for sms and email",
    ),
    Column("consent_date", f"when the patient agreed to be monitored: {_DAYS}", "2026-03-05", needed=True),
    *(_before(item) for item in _DOCUMENT.baseline_form.values()),
)
NAMES = frozenset(column.name for column in COLUMNS)
EXAMPLE = tuple(column.example for column in COLUMNS)
