"""Who gave an answer: the patient, a caregiver under their own name, somebody who helped at the patient's phone, or a
colleague."""

from recovery.models import CheckIn
from recovery.models.check_in import Report

BY_OTHERS = {CheckIn.AnsweredBy.CARER: "by caregiver", CheckIn.AnsweredBy.NURSE: "by the care team"}
"""As a remark, where no name is known."""

WHOSE = {
    CheckIn.AnsweredBy.PATIENT: "patient",
    CheckIn.AnsweredBy.CARER: "caregiver",
    CheckIn.AnsweredBy.NURSE: "colleague who filled it in",
}


def name_of(report: Report) -> str:
    """Of the caregiver whose own phone it came from; empty for anybody else."""
    return f"{report.caregiver.name} (caregiver)" if report.caregiver else ""


def answered_by(report: Report) -> str:
    """As the value of a fact."""
    if name := name_of(report):
        return name
    label = CheckIn.AnsweredBy(report.answered_by).label
    return f"{label}, on the patient’s phone" if report.answered_by == CheckIn.AnsweredBy.CARER else label


def by_another(report: Report) -> str:
    """As a remark; empty where the patient answered."""
    if name := name_of(report):
        return f"by {name}"
    return BY_OTHERS.get(CheckIn.AnsweredBy(report.answered_by), "")


def whose_words(report: Report) -> str:
    """As in "in the words of the caregiver"."""
    return name_of(report) or f"the {WHOSE[CheckIn.AnsweredBy(report.answered_by)]}"
