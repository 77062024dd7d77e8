"""A colleague at the dashboard, by the forms that a browser would send."""

import http.client
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tests.faults.scene import Colleague
from tests.system import System

ANSWER_WITHIN_S = 60.0
"""Others may stand before one: a web process takes one request at a time."""

FORGERY = "x" * 32
"""The secret against forgery: a browser has it from a page, as cookie and in the form."""


@dataclass(frozen=True)
class Answer:
    """`at` is when it was there, by the monotonic clock."""

    status: int
    text: str
    at: float


@dataclass(frozen=True)
class Nurse:
    system: System
    colleague: Colleague

    def page(self, path: str = "/") -> Answer:
        return self._ask("GET", path)

    def acknowledge(self, alert: str) -> Answer:
        return self._ask("POST", f"/alerts/{alert}/acknowledge")

    def record_contact(self, alert: str, seen: str) -> Answer:
        return self._ask(
            "POST", f"/alerts/{alert}/contact", reached="yes", by_what="phone", note="", seen=seen
        )

    def add_note(self, alert: str, note: str, seen: str) -> Answer:
        return self._ask("POST", f"/alerts/{alert}/note", note=note, seen=seen)

    def seen(self, alert: str) -> str:
        """What a form on the alert's page remembers of its state."""
        found = re.search(r'name="seen"[^>]*value="([^"]*)"', self.page(f"/alerts/{alert}").text)
        assert found, "no form on the page"
        return found[1]

    def _ask(self, method: str, path: str, **form: str) -> Answer:
        place = urlsplit(self.system.url)
        cookies = f"sessionid={self.colleague.session}; csrftoken={FORGERY}"
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form | {"csrfmiddlewaretoken": FORGERY})
        line = http.client.HTTPConnection(str(place.hostname), place.port, timeout=ANSWER_WITHIN_S)
        try:
            line.request(method, path, body if method == "POST" else None, headers)
            answered = line.getresponse()
            return Answer(answered.status, answered.read().decode(), time.monotonic())
        finally:
            line.close()
