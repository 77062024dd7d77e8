"""Silence is a signal too: slots that closed without a check-in, found by their due time, never by a scan."""

from recovery.silence.anew import has_judged_since, owe_anew, rejudge
from recovery.silence.closings import Watched, next_look
from recovery.silence.due import NOT_JUDGED, judge_alone, judge_due, judge_slots
from recovery.silence.why import Why
from recovery.silence.writing import PATIENT_ONLY

__all__ = [
    "NOT_JUDGED",
    "PATIENT_ONLY",
    "Watched",
    "Why",
    "has_judged_since",
    "judge_alone",
    "judge_due",
    "judge_slots",
    "next_look",
    "owe_anew",
    "rejudge",
]
