"""Which people the words of a policy stand for now. Where a word stands for nobody, or nobody who is named can act
(they are known not to hear, or are neither nurse nor doctor), everybody of the team is told."""

from collections.abc import Collection
from datetime import datetime

from recovery import reachability, rota
from recovery.models import Membership
from recovery.notifications.plan import EVERYBODY, Recipients


def people(words: Collection[str], *, team_id: int, now: datetime) -> Recipients:
    if "clinic" in words:
        return Recipients(beyond=True)
    if "team" in words or not words:
        return EVERYBODY
    found: list[int] = []
    if {"on-call", "second"} & set(words):
        on_call = rota.on_call([team_id], now=now)[team_id]
        for word, level in (("on-call", on_call.first), ("second", on_call.second)):
            if word in words:
                if not level:
                    return EVERYBODY
                found += level
    if "lead" in words:
        leads = Membership.objects.filter(team=team_id, ended_at=None, is_lead=True, user__is_active=True)
        if not (ids := list(leads.values_list("user", flat=True))):
            return EVERYBODY
        found += ids
    named = tuple(dict.fromkeys(found))
    if reachability.told_in_vain(named, team_id=team_id, now=now).issuperset(named):
        return EVERYBODY
    return Recipients(named)
