"""The forms of the pages as a browser would find them: where they go, and what they offer to choose from."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    """Names of fields, each with the values that are offered; none where one is to type."""


class Reader(HTMLParser):
    """Collects the forms of the pages that it is fed. `address` is that of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.address = ""
        self.forms: dict[tuple[str, tuple[str, ...]], Form] = {}
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._form = Form(given.get("method", "get").upper(), given.get("action") or self.address)
        if tag == "select":
            self._select = given.get("name", "")
        name = self._select if tag == "option" else given.get("name", "")
        if (
            self._form
            and name
            and name != "csrfmiddlewaretoken"
            and tag in {"input", "select", "option", "textarea", "button"}
        ):
            self._form.fields.setdefault(name, []).extend([given["value"]] if given.get("value") else [])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form:
            self.forms[self._form.action, tuple(self._form.fields)] = self._form
            self._form = None
