"""Cases of the board, drawn once for everybody who sees the same.

After each press of a button every open board asks for its list again, and nearly every case on it looks as it did. What
a case looks like depends on nothing but its values, so the drawing is kept under them, in the memory of the process.
"""

import secrets
from functools import lru_cache

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from recovery.dashboard.screens.board import Case

register = template.Library()

KEPT = 1_000
"""Cases, of some 3 kB each: forty pages of the board."""

_TOKEN = secrets.token_hex(32)
"""Stands in the drawing for the token of a request, and in no patient's words: nobody can know it."""


@register.simple_tag(takes_context=True)
def draw_case(context: Context, case: Case) -> SafeString:
    drawing = _drawing(case).replace(_TOKEN, str(context["csrf_token"]))
    return mark_safe(drawing)  # nosec B308 B703  (a template has escaped it)


@lru_cache(KEPT)
def _drawing(case: Case) -> str:
    return render_to_string(
        "dashboard/fragments/case.html", {"case": case, "from": "board", "csrf_token": _TOKEN}
    )
