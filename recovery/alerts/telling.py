"""What a patient reads when an alert of theirs is closed: words that the clinician picks, or writes.

The clinician's note is for colleagues and never reaches the patient. What does is short, plain and says what to do; it
never says that all is well.
"""

from recovery import verdicts
from recovery.alerts.moves import NotAllowed
from recovery.models import Alert

OWN = "own"
LONGEST = 400
"""Letters of one's own words."""

SAYINGS = {
    "expected": "A nurse or doctor looked at what you told us. It is expected at this time. It should pass by itself.",
    "known": "A nurse or doctor looked at what you told us. We know about it, and you have a plan for it.",
    "advice": "Please do as we said when we spoke with you.",
    "mistake": "We spoke with you. The answer was a slip. Thank you for telling us.",
    "visit": "You have a visit with us. Please come, also if you feel better by then.",
}
"""Codes to choose from, and what the patient reads."""

WORSE = "Call {team_phone} if it gets worse or you are worried."
"""Stands below every one of them."""

OUTCOMES = {
    Alert.Outcome.SELF_CARE: "You can do what helps yourself, as your care team told you.",
    Alert.Outcome.SEEN: "A doctor or nurse has seen you for this.",
    Alert.Outcome.SENT_TO_EMERGENCY: "You were sent to emergency care for this.",
    Alert.Outcome.NO_PROBLEM: "Your care team looked at this. Nothing more is planned for it now.",
    Alert.Outcome.CANNOT_REACH: "We could not reach you. Please call {team_phone}.",
}
RESOLVED = "Your later check-ins settled this."


def closing_words(alert: Alert, tell: str, tell_words: str, *, noise: str) -> str:
    """What the patient will read; empty when nobody says anything beside the outcome. What is judged expected is never
    closed without the reason. Raises NotAllowed."""
    if tell and tell != OWN and tell not in SAYINGS:
        raise NotAllowed(f"Choose what the patient reads: {', '.join([*SAYINGS, OWN])}.")
    own = " ".join(tell_words.split())
    if tell == OWN and not own:
        raise NotAllowed("Write what the patient is to read, or choose one of the texts.")
    if len(own) > LONGEST:
        raise NotAllowed(f"The patient reads at most {LONGEST} letters; this has {len(own)}. Shorten it.")
    if not tell:
        tell = "expected" if noise == Alert.Noise.EXPECTED else ""
    if not tell:
        return ""
    words = own if tell == OWN else SAYINGS[tell]
    return f"{words} {verdicts.numbers_of(alert.clinic).filled_in(WORSE)}"
