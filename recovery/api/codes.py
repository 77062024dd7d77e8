"""Every code a problem document can carry. The code decides what a program does, the words what a person does."""

from typing import Final, NamedTuple


class Kind(NamedTuple):
    """`detail` says what to do. The phone keeps its copy of a refused report until it was answered 200, 201 or 410."""

    status: int
    title: str
    detail: str


AGAIN = "Keep the report and send it again"

# Nobody can read it. A report is kept for the care team as it came, and the patient is told to call.
UNREADABLE: Final[dict[str, Kind]] = {
    "empty_body": Kind(400, "Empty body", "Send a JSON object, with its Content-Length."),
    "not_utf8": Kind(400, "Not UTF-8", "Send JSON in UTF-8."),
    "byte_order_mark": Kind(400, "Byte order mark", "Send JSON in UTF-8 without a byte order mark."),
    "not_json": Kind(400, "Not JSON", "The body is not JSON. Repair what `place` names."),
    "not_an_object": Kind(400, "Not an object", "The body must be one JSON object."),
    "too_deep": Kind(400, "Nested too deeply", "At most 20 levels are read."),
    "duplicate_key": Kind(
        400, "Key given twice", "Which of the two is meant cannot be known. Send each key once."
    ),
    "not_a_number": Kind(400, "NaN or Infinity", "JSON has no such numbers. Send a number or null."),
    "number_too_large": Kind(400, "Number too large", "Send a number of at most 20 digits."),
    "nul_character": Kind(400, "NUL character", "Text must not contain U+0000."),
    "lone_surrogate": Kind(
        400, "Half a character", "The text holds half of a surrogate pair. Send whole characters."
    ),
    "too_large": Kind(413, "Too large", "A check-in has at most 256 kB, a batch 5 MB."),
    "too_many": Kind(
        413, "Too many check-ins", "A batch has at most 100 check-ins. Send the rest in another."
    ),
    "unsupported_media_type": Kind(
        415, "Not JSON", "Send application/json in UTF-8, without Content-Encoding."
    ),
}

# Readable, but it cannot be taken. A report is kept, and what is valid in it is judged.
UNFIT: Final[dict[str, Kind]] = {
    "invalid": Kind(422, "Invalid", "Repair what `errors` lists and send it again under the same id."),
    "id_conflict": Kind(
        422, "Id used before", "Another report has this id. Send this one under an id of its own."
    ),
    "not_stored": Kind(422, "Cannot be stored", "It is kept for the care team. Make a new check-in."),
    "stale_revision": Kind(409, "Changed meanwhile", "Fetch the check-in and correct its latest revision."),
    "twin_in_progress": Kind(409, "Twin in progress", f"{AGAIN} in a second."),
    "withdrawn": Kind(410, "Withdrawn", "This check-in was withdrawn. Make a new one."),
}

ENROLMENT: Final[dict[str, Kind]] = {
    "code_invalid": Kind(
        422, "Code does not work", "Check each letter, or ask your care team for a new code."
    ),
    "code_expired": Kind(410, "Code used up", "The code is too old or was used before. Ask for a new one."),
    "code_locked": Kind(423, "Code locked", "The code was mistyped too often. Ask for a new one."),
}

STRANGERS: Final[dict[str, Kind]] = {
    "not_signed_in": Kind(401, "Not signed in", "Send `Authorization: Bearer <device token>`."),
    "token_unknown": Kind(401, "Token unknown", "Redeem a new enrolment code. Keep what was not sent yet."),
    "device_revoked": Kind(
        401,
        "Phone signed out",
        "This phone was signed out. A check-in it sends is kept for the care team to read, and counts as none. Ask them"
        " for a new code.",
    ),
}

CAREGIVERS: Final[dict[str, Kind]] = {
    "caregiver_refused": Kind(422, "Cannot be done", "`detail` says why, and what to do instead."),
}

REQUESTS: Final[dict[str, Kind]] = {
    "not_shared": Kind(
        403, "Not shared with you", "The patient has not agreed that a caregiver sees or does this. Ask them."
    ),
    "forbidden": Kind(403, "Not allowed", "This is not open to you."),
    "staff_only": Kind(403, "For staff", "Sign in with a browser first, at /accounts/login/."),
    "not_found": Kind(404, "Not found", "There is nothing here, or it is not yours."),
    "method_not_allowed": Kind(405, "Method not allowed", "The Allow header lists what can be done here."),
    "unknown_parameter": Kind(
        400, "Unknown parameter", "Leave out the query parameters that `errors` lists."
    ),
    "bad_parameter": Kind(400, "Bad parameter", "Repair the query parameters that `errors` lists."),
    "uri_too_long": Kind(
        414, "Address too long", "Nothing here needs an address of more than 2,000 characters."
    ),
    "bad_request": Kind(400, "Bad request", "The request cannot be understood."),
    "plain_http": Kind(
        400,
        "Plain HTTP",
        "Use https://. If a token was sent, it was sent in the clear: ask for a new code.",
    ),
}

OURS: Final[dict[str, Kind]] = {
    "cut_off": Kind(
        503, "Body cut off", "The line broke. Send it again."
    ),  # so that it comes again, whoever asks
    "server_error": Kind(
        500, "Fault of the service", f"{AGAIN} later. If you feel unwell, call your care team."
    ),
    "unavailable": Kind(
        503, "Not available", f"{AGAIN} in a few seconds. If you feel unwell, call your care team."
    ),
}

KINDS: Final[dict[str, Kind]] = UNREADABLE | UNFIT | ENROLMENT | STRANGERS | CAREGIVERS | REQUESTS | OURS
