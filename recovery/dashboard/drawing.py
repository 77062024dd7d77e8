"""Cases of the board, drawn once for everybody who sees the same.

After each press of a button every open board asks for its list again, and nearly every case on it looks as it did. What
a case looks like depends on nothing but its values, so the drawing is kept under them, in the memory of the process. A
whole list is kept under its tag, for as long as its board is.
"""

import secrets
from datetime import datetime
from functools import lru_cache

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from recovery.dashboard.kept import Kept
from recovery.dashboard.screens.board import Board
from recovery.dashboard.screens.case import Case

register = template.Library()

_lists = Kept[tuple[str, datetime], str](40)
"""Of some 60 kB each."""

KEPT = 1_000
"""Cases, of some 3 kB each: forty pages of the board."""

_TOKEN = secrets.token_hex(32)
"""Stands in the drawing for the token of a request, and in no patient's words: nobody can know it."""


@register.simple_tag(takes_context=True)
def draw_list(context: Context, board: Board) -> SafeString:
    drawing = _lists.get(board.key)
    if drawing is None:
        given = {"board": board, "csrf_token": _TOKEN}
        drawing = _lists.keep(board.key, render_to_string("dashboard/fragments/board_list.html", given))
    return mark_safe(  # nosec B308 B703  (a template has escaped it)
        drawing.replace(_TOKEN, str(context["csrf_token"]))
    )


@register.simple_tag
def draw_case(case: Case) -> SafeString:
    return mark_safe(_drawing(case))  # nosec B308 B703  (a template has escaped it)


@lru_cache(KEPT)
def _drawing(case: Case) -> str:
    return render_to_string(
        "dashboard/fragments/case.html", {"case": case, "from": "board", "csrf_token": _TOKEN}
    )
