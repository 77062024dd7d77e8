"""The words of letters, by kind. Anybody may read them on a locked screen: no health word, nobody's name, and no link
that opens anything without signing in."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Wording:
    """`text` is a whole mail, `short` fits into one text message. Both may name {link}, {code} and what the letter's
    detail has. `path` is where the link leads; it may name {letter}, the letter's uuid."""

    subject: str
    text: str
    short: str
    path: str

    def fill(self, *, letter: object, code: str, detail: Mapping[str, str]) -> tuple[str, str, str]:
        """Text, short text and link."""
        link = settings.BASE_URL + self.path.format(letter=letter)
        known = {**detail, "link": link, "code": code}
        return self.text.format(**known), self.short.format(**known), link


MACHINE = "\n\nThis message was sent by a machine. Replies are not read.\n"

KINDS: dict[str, Wording] = {
    "contact.code": Wording(
        subject="Your code",
        text="Your code is {code}\n\nEnter it within half an hour, signed in, at {link}\n\n"
        "If you did not ask for it, you need do nothing." + MACHINE,
        short="Your code is {code}. Enter it within half an hour at {link}",
        path="/contacts",
    ),
    "contact.test": Wording(
        subject="Test message: please answer it",
        text="This is a test of how you are told. Please sign in and answer it:\n\n{link}\n\n"
        "Or enter the code {code} on the page of your contacts." + MACHINE,
        short="Test: please sign in and answer it at {link} or enter the code {code}",
        path="/contacts/tests/{letter}",
    ),
    "reminder": Wording(
        subject="It is time to answer",
        text="It is time for today's questions. They take about three minutes:\n\n{link}\n\n"
        "You asked us to remind you. On the same page you can change when and how." + MACHINE,
        short="It is time for today's questions. They take about three minutes: {link}",
        path="/phone",
    ),
    "news": Wording(
        subject="There is an answer for you",
        text="Your care team has written to you. Please read it here:\n\n{link}" + MACHINE,
        short="Your care team has written to you. Please read it at {link}",
        path="/phone",
    ),
    "night.uncovered": Wording(
        subject="No nurse or doctor can be reached tonight",
        text="For part of tonight no nurse or doctor who can be reached is on call for a care team of yours. Please"
        " plan somebody, or have their contact verified:\n\n{link}" + MACHINE,
        short="No nurse or doctor can be reached tonight for a care team of yours. Please plan somebody: {link}",
        path="/rota",
    ),
}
"""A new kind of letter gets its words here."""
