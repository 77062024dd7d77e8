"""What the patient wrote in their own words, apart from what they ticked."""

from dataclasses import dataclass

from recovery.clinical import protocol as protocols
from recovery.dashboard.screens.answerer import whose_words
from recovery.models import Alert, CheckIn


@dataclass(frozen=True, slots=True)
class Words:
    """`texts` is empty when nothing was written."""

    whose: str
    texts: list[str]


def words_of(check_in: CheckIn, alert: Alert) -> Words:
    items = protocols.get(alert.latest_assessment.protocol).questionnaire.items.values()
    written = [check_in.answers.get(item.link_id) for item in items if item.kind == "text"]
    return Words(
        whose=whose_words(check_in),
        texts=[text for text in written if isinstance(text, str) and text.strip()],
    )
