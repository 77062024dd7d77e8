"""Which of schemathesis' checks run: all that it has. Whatever is taken from one stands here with its reason, and
nowhere else."""

import unicodedata
from typing import Any

OFF: dict[str, str] = {
    "max_response_time": "How long an answer takes is measured on a quiet machine (bench/), not among other tests.",
}
"""Checks that do not run, each with the reason."""

REFUSALS = ["400", "401", "404", "405", "409", "410", "413", "414", "415", "422"]
EXPECTED: dict[str, dict[str, Any]] = {"negative_data_rejection": {"expected-statuses": REFUSALS}}
"""413 and 414 refuse what is too much, 410 what was withdrawn; the check's own list has none of them. Ours has neither
403 nor 429 nor 5xx, which it would let pass."""

NOT_SHARED = "not_shared"
OF_CAREGIVERS: dict[str, dict[str, Any]] = {
    "negative_data_rejection": {"expected-statuses": [*REFUSALS, "403"]}
}
"""What is not shared with them is closed before the body is read."""

BY_WHAT_IS_STORED = {
    "id_conflict": "The id of another report is well-formed.",
    "withdrawn": "So is that of a report which was withdrawn.",
    "code_invalid": "So is a code of enrolment that nobody was given.",
    "code_expired": "Or that was used before.",
    "code_locked": "Or was mistyped too often.",
    NOT_SHARED: "What a patient shares with a caregiver stands in no body. Nobody else may be told that.",
    "caregiver_refused": "Whether the recovery has ended, and how many help already, stands in no body.",
}
"""Codes with which a request is refused that fits its description (`positive_data_acceptance`)."""

BEYOND_A_SCHEMA = {
    "no_answers": "That one of 33 answers is not null could be said; nobody could read it, or draw examples from it.",
    "not_the_path": "That two ids are the same cannot be said.",
    "quiet_time": "That a time of day lies outside two others cannot be said.",
    "not_an_address": "What an address must be depends on the channel, and on whether one is known.",
    "out_of_range": "An instant is bounded in UTC; a pattern sees its local date. At the edges alone.",
    "helps_already": "Nor does a name tell that somebody of that name helps already.",
    "invalid_value": "Which characters are letters, and which none, no pattern knows. In names and relations alone.",
}
"""The same for the complaints of a problem `invalid`."""


def switched_off() -> dict[str, dict[str, bool]]:
    """As schemathesis is told. A limit on time is no switch: it is off until it is given."""
    return {name: {"enabled": False} for name in OFF if name != "max_response_time"}


EDGES = ("2000-01-01", "2099-12-31")
"""The local dates of which some instants lie beyond the bounds."""


def excuses(problem: dict[str, Any], sent: Any = None) -> bool:
    """Whether a refusal is one that no description can foresee. `sent`: the body that was refused."""
    if problem.get("code") != "invalid":
        return problem.get("code") in BY_WHAT_IS_STORED
    errors = problem["errors"]
    return bool(errors) and all(
        error["code"] in BEYOND_A_SCHEMA
        and (error["code"] != "out_of_range" or _lies_at_an_edge(error, sent))
        and (error["code"] != "invalid_value" or _has_what_no_pattern_knows(error, sent))
        for error in errors
    )


def _lies_at_an_edge(error: dict[str, Any], sent: Any) -> bool:
    name = error["place"]
    value = sent.get(name) if isinstance(sent, dict) and name.endswith("_at") else None
    return isinstance(value, str) and value.startswith(EDGES)


def _has_what_no_pattern_knows(error: dict[str, Any], sent: Any) -> bool:
    """Beyond ASCII: a name without a letter; a character that is for private use, or for none."""
    name = error["place"]
    value = sent.get(name) if isinstance(sent, dict) and name in {"name", "relation"} else None
    if not isinstance(value, str) or value.isascii():
        return False
    without_letter = name == "name" and not any(letter.isalpha() for letter in value)
    return without_letter or any(unicodedata.category(letter) in {"Co", "Cn"} for letter in value)
