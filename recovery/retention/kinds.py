"""The kinds. What is done about each stands in the database (the function recovery_let_go), which alone may delete."""

from typing import NamedTuple


class Kind(NamedTuple):
    """`days` as usual. `of_clinic`: a clinic may keep it for another time."""

    name: str
    words: str
    days: int
    of_clinic: bool = True


KINDS = {
    kind.name: kind
    for kind in (
        Kind("letters", "Letters to patients and staff, once sent or dropped", 180),
        Kind("reminders", "Reminders of ended recoveries, with their receipts", 180),
        Kind("messages", "Messages to staff about ended alerts, with each try", 730),
        Kind("refused-bodies", "Bodies of refused reports that somebody has dealt with", 365),
        Kind("unused-codes", "Enrolment codes that ended unused", 30),
        Kind("nights", "Checks of nights", 365),
        Kind("canary", "What the canary reported, and what came of it", 14),
        Kind("canary-runs", "How long the canary's red flags took", 90),
        Kind("invitations", "Invitations that were used, withdrawn, or ended", 365),
        Kind("defects", "What the auditor found, once mended", 365, of_clinic=False),
        Kind("sessions", "Sign-ins of browsers, once ended", 7, of_clinic=False),
        Kind("counters", "Counts of tries at signing in, once over", 7, of_clinic=False),
    )
}
