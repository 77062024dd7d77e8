from recovery.errors import Refused


class EnrolmentRefused(Refused):
    """`extra["field"]` names what it is about, where it is about one thing that was typed."""

    code = "enrolment_refused"


class AlreadyEnrolled(EnrolmentRefused):
    """`extra["episode"]` is the running recovery, for whoever may see it."""

    code = "already_enrolled"


class LooksAlike(EnrolmentRefused):
    """Somebody known may be the same person. Goes away when the caller is sure that it is right."""

    code = "looks_alike"


class NobodyOnCall(EnrolmentRefused):
    """The recovery would begin into a night in which nobody can be reached."""

    code = "nobody_on_call"


class CodeInvalid(Refused):
    code = "code_invalid"
    message = "This code does not work. Check each letter, or ask your care team for a new code."


class CodeLocked(Refused):
    code = "code_locked"
    message = "This code was mistyped too often and is locked. Ask your care team for a new code."


class CodeExpired(Refused):
    code = "code_expired"
    message = "This code is too old or was used before. Ask your care team for a new code."
