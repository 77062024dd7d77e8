"""Puts who is on call above the board: drawn with the page, so that it needs no script, and asked for again by itself.

It is no part of the list, which is answered 304 while no alert has changed.
"""

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from recovery import clock
from recovery.dashboard.screens import on_call

register = template.Library()


@register.simple_tag(takes_context=True)
def draw_on_call(context: Context) -> SafeString:
    shown = on_call.show(context["user"], clock.now())
    return render_to_string("dashboard/fragments/on_call.html", {"on_call": shown})
