"""The roll of patients in var/demo.json. Its first thirty are settled: active, between hour 84 and day 40, from both
clinics, without an open alert at same_day or emergency."""

import itertools
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from demo.driver import Driver
from recovery import alerts
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Episode

FIRST = 30
FROM_H, UNTIL_H = 84, 40 * 24
STAYS_H = 6
"""So long they stay so, counted from now."""


def is_settled(episode: Episode, now: datetime) -> bool:
    """By its hour; alerts aside."""
    return episode.status == Episode.Status.ACTIVE and FROM_H <= episode.hours_at(now) < UNTIL_H - STAYS_H


def call(driver: Driver) -> list[Episode]:
    """All running episodes whose phone has a token, the settled first, the two clinics in turn.

    Closes urgent alerts, with an outcome, where otherwise fewer than thirty would be settled.
    """
    settled, others = _sorted_out(driver)
    if len(settled) < FIRST:
        _close_urgent(driver)
        settled, others = _sorted_out(driver)
    return [*_in_turn(settled), *others]


def _sorted_out(driver: Driver) -> tuple[list[Episode], list[Episode]]:
    """The settled without an urgent alert, those with the least news to be expected first, and the others."""
    now = driver.clock.now()
    settled: list[Episode] = []
    others: list[Episode] = []
    for episode in _running(driver):
        clean = is_settled(episode, now) and not has_live(episode, Tier.SAME_DAY)
        (settled if clean else others).append(episode)
    settled.sort(key=lambda e: (has_live(e, Tier.ROUTINE), _is_due_soon(e, now), e.patient.born_on))
    return settled, others


def shortfall(roll: list[Episode], now: datetime) -> str:
    """What keeps the first thirty from being as they should; nothing if they are. Asks the database."""
    first = Episode.objects.filter(pk__in=[episode.pk for episode in roll[:FIRST]])
    settled = [e for e in first if FROM_H <= e.hours_at(now) < UNTIL_H and e.status == Episode.Status.ACTIVE]
    urgent = Alert.objects.filter(episode__in=first, status__in=Alert.LIVE, tier__gte=Tier.SAME_DAY).count()
    clinics = len({episode.clinic_id for episode in settled})
    if len(settled) == FIRST and not urgent and clinics > 1:
        return ""
    found = f"{len(settled)} are settled, of {clinics} clinics, with {urgent} urgent alerts"
    return f"of the first {FIRST} patients {found}"


def _running(driver: Driver) -> list[Episode]:
    running = Episode.objects.exclude(status=Episode.Status.ENDED).select_related("patient", "clinic", "team")
    return [one for one in running.order_by("procedure_at") if one.patient.hospital_number in driver.phones]


def has_live(episode: Episode, tier: Tier) -> bool:
    return Alert.objects.filter(episode=episode, status__in=Alert.LIVE, tier__gte=tier).exists()


def _is_due_soon(episode: Episode, now: datetime) -> bool:
    """Whether a slot closes soon: what is missed then would be news."""
    return episode.next_due_at is not None and (episode.next_due_at - now).total_seconds() < STAYS_H * 3600


def _in_turn(episodes: Iterable[Episode]) -> list[Episode]:
    """One of each clinic in turn, while there are."""
    ordered = sorted(enumerate(episodes), key=lambda pair: (pair[1].clinic_id, pair[0]))
    queues = [
        [e for _, e in group] for _, group in itertools.groupby(ordered, key=lambda pair: pair[1].clinic_id)
    ]
    return [episode for row in itertools.zip_longest(*queues) for episode in row if episode is not None]


def _close_urgent(driver: Driver) -> None:
    now = driver.clock.now()
    team_of = {team.row.pk: team for team in driver.teams}
    urgent = Alert.objects.filter(status__in=Alert.LIVE, tier__gte=Tier.SAME_DAY).select_related(
        "episode", "owner"
    )
    for alert in urgent:
        if not is_settled(alert.episode, now) or alert.team_id not in team_of:
            continue
        colleague = alert.owner or team_of[alert.team_id].with_role("doctor")[0]
        close = partial(alerts.close, alert_id=alert.uuid, by=colleague, outcome=Alert.Outcome.SEEN)
        alerts.record_contact(alert_id=alert.uuid, by=colleague, reached=True, by_what="phone", now=now)
        close(contacted=True, note="Seen today, plan agreed with the patient.", now=driver.clock.now())
