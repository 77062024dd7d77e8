"""Which recoveries match what somebody typed: a name, a hospital number, a date of birth, or several of them."""

import re
import unicodedata
from datetime import date, datetime

from django.db.models import CharField, Func, Q, QuerySet

from recovery.models import Episode

DATES = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d", "%d %B %Y", "%d %b %Y")
"""How dates of birth are written here: the day first, the year in four digits."""

MOST_WORDS = 6


class Plain(Func):
    """Letters without their accents, as `plain` does it: "Åsa" is found as "asa"."""

    template = "regexp_replace(normalize(%(expressions)s, NFD), '[\u0300-\u036f]', '', 'g')"
    output_field = CharField()


def matching(episodes: QuerySet[Episode], typed: str) -> QuerySet[Episode]:
    """Every word has to match. What reads as a date is one."""
    whole = _as_date(typed)
    if whole is not None:
        return episodes.filter(patient__born_on=whole)
    episodes = episodes.annotate(plain_name=Plain("patient__name"))
    for word in typed.split()[:MOST_WORDS]:
        born_on = _as_date(word)
        if born_on is not None:
            episodes = episodes.filter(patient__born_on=born_on)
        else:
            episodes = episodes.filter(
                Q(plain_name__icontains=plain(word)) | Q(patient__hospital_number__icontains=word)
            )
    return episodes


def plain(word: str) -> str:
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", word))


def _as_date(text: str) -> date | None:
    words = " ".join(text.replace(",", " ").split())
    for pattern in DATES:
        try:
            return datetime.strptime(words, pattern).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None
