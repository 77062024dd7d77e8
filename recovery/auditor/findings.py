"""What can be wrong, in words: one line for each kind of defect. The names are those of tests, metrics and pages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One defect as a check saw it. `place` is the id of the row that it is about, 0 the service itself."""

    kind: str
    place: int
    clinic: int | None
    detail: str = ""


KINDS: dict[str, str] = {
    # reports and verdicts (I1, I2)
    "report-not-judged": "A report has no current verdict",
    "report-altered": "A report does not say any more what it said when it was taken",
    "revision-lost": "An earlier revision of a report is gone",
    "verdict-of-another-revision": "The current verdict belongs to another revision of the report",
    "verdict-not-its-findings": "A verdict has another tier than its findings",
    "verdict-wrong": "Judged anew, a report comes to another verdict",
    "verdict-moved": "A verdict belongs to another patient than its report",
    # findings and alerts (I3, I9)
    "red-flag-without-alert": "A red flag opened, joined or raised no alert",
    "alert-without-history": "An alert has no record of being opened",
    "alert-tier-changed": "An alert has another tier than what was reported",
    "alert-ended-by-nobody": "An alert has ended without a record of who ended it",
    "alert-taken-on-by-nobody": "An alert is taken on without a record of who took it",
    "muted-by-nobody": "A rule is muted without a record of who muted it",
    "refused-report-unseen": "A refused report was neither judged nor shown",
    # telling people (I4, I5, I6)
    "told-nobody": "A red flag waits and nobody of the team was or will be told",
    "reached-nobody": "A red flag waits for five minutes and no message about it has left",
    "colleague-left-out": "A colleague was not told of a red flag as the others were",
    "message-hidden": "A message about a live alert was dropped although it is wanted",
    "message-lost": "A message that was sent is gone from the records",
    "message-without-try": "A message counts as sent and nobody has tried to send it",
    "message-overdue": "A message is past its time, or its lease ran out",
    "message-frozen": "A message is put off for longer than any back-off",
    "letter-overdue": "A letter is past its time",
    "step-overdue": "A step of an escalation is past its time",
    "step-frozen": "A live alert has no next step",
    # what the watch owes (I5, I12)
    "flagging-overdue": "A verdict is past the time by which the team should have it",
    "flagging-frozen": "A verdict is put off for longer than any back-off",
    "verdict-set-aside": "A verdict could not be brought to the team after several tries",
    "rejudging-overdue": "A recovery waits for being judged anew",
    "silence-overdue": "A slot has closed and nobody looked whether it was empty",
    "silence-unwatched": "A running recovery is watched by nobody",
    "silence-frozen": "The next look at a recovery is later than its schedule allows",
    "silence-not-judged": "The silence of a recovery cannot be judged",
    "missed-slot-without-verdict": "A slot closed empty and nothing says so",
    "silence-verdict-wrong": "Judged anew, a silence comes to another verdict",
    "not-examined": "A recovery could not be judged anew",
    # who looks after whom (I10)
    "patient-detached": "A recovery, its team and its patient belong to different clinics",
    "alert-detached": "An alert belongs to another team than its recovery",
    "told-a-stranger": "Somebody of no team of the clinic is to be told",
    "team-of-nobody": "A care team with running recoveries has nobody in it",
    "ended-by-nobody": "A recovery ended early without a record of who ended it",
    "paused-by-nobody": "A recovery is paused without a pause",
    # the service itself
    "wall-down": "A rule of the database that keeps wrong rows out is gone",
    "program-silent": "A program has not drained a row for half a minute",
    "canary-absent": "The canary's red flag did not arrive twice",
    "audit-unwritable": "What is done cannot be remembered, so nothing that has to be is done",
    "audit-unbound": "What is remembered waits for ten minutes to be bound into the chain",
    "audit-altered": "What was remembered is not as it was written",
    "audit-cut-off": "The end of what was remembered is gone",
    "database-lost": "The database does not let the auditor look",
    "check-too-slow": "A check of the auditor did not end in time",
    "check-failed": "A check of the auditor could not be made",
}
