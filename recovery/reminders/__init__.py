"""Reminders of check-ins: when the patient wishes, where they wish, and no more once the check-in is there."""

from recovery.reminders.due import KIND, send_due
from recovery.reminders.news import tell as tell_news
from recovery.reminders.schedule import next_after, wishes_of
from recovery.reminders.signs import due_now, form_opened, heard, letters_of, receipt, sign_of
from recovery.reminders.wishes import (
    CHANGED,
    CHANNELS,
    MOST_REPEATS,
    Chosen,
    RemindersRefused,
    address_of,
    as_seen,
    begin,
    choose,
    choose_for,
    hint,
    look_again,
    of_episode,
    trouble_with,
)

__all__ = [
    "CHANGED",
    "CHANNELS",
    "KIND",
    "MOST_REPEATS",
    "Chosen",
    "RemindersRefused",
    "address_of",
    "as_seen",
    "begin",
    "choose",
    "choose_for",
    "due_now",
    "form_opened",
    "heard",
    "hint",
    "letters_of",
    "look_again",
    "next_after",
    "of_episode",
    "receipt",
    "send_due",
    "sign_of",
    "tell_news",
    "trouble_with",
    "wishes_of",
]
