"""The canary patient is on nobody's page and in nobody's figure: each page is walked, by each role, with a canary's red
flag open and without."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from recovery import alerts, canary, checkins, clock, escalation
from recovery.models import Alert, Assessment, Canary, Episode, Notification
from recovery.submissions import Submission
from tests import factories
from tests.auditor import ward
from tests.auditor.ward import NOW_H, Ward
from tests.dashboard.conftest import SetClock, SignIn
from tests.factories import at

WITHOUT = re.compile(
    rb"[A-Za-z0-9]{64}|value=\"[0-9a-f-]{36}\"|data-now=\"\d+\"|\d\d:\d\d:\d\d|nonce-\S+"
    rb"|(?:a moment|\d+(?: |\xc2\xa0)(?:s|min)) ago"
    rb"|<svg class=\"qr\".*?</svg>|<code class=\"secret\".*?</code>|data-options=\"[^\"]*\"",
    re.DOTALL,
)
"""Tokens against forgery, the second of the clock and how long ago by real time something was, the secret of a second
factor or the challenge to a passkey that is begun: what differs from request to request."""


def pages(ward_: Ward) -> list[str]:
    """Every address that takes no object, or one of this ward's."""
    episode = Episode.objects.filter(team=ward_.team).earliest("pk")
    alert = Alert.objects.filter(team=ward_.team).earliest("pk")
    objects = {
        "<uuid:episode_id>": str(episode.uuid),
        "<uuid:alert_id>": str(alert.uuid),
        "<uuid:team_id>": str(ward_.team.uuid),
        "<slug:figure>": "alerts-by-rule",
    }
    found = []
    for route in _routes(get_resolver().url_patterns):
        if route.startswith(("api/", "accounts/", "phone", "livez", "readyz", "metrics", "provider")):
            continue
        for name, value in objects.items():
            route = route.replace(name, value)
        if "<" not in route:
            found.append(f"/{route}")
    return sorted(found)


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            yield here


def read(client: Client, addresses: list[str]) -> dict[str, bytes]:
    answers = {address: client.get(address) for address in addresses}
    return {
        address: WITHOUT.sub(b"", answer.content)
        for address, answer in answers.items()
        if answer.status_code == 200
    }


def sings(of: Ward, hours: float) -> Canary:
    """A canary whose red flag is open and told: as it is in the midst of a round, or when its process died."""
    bird = canary.renew(canary.ensure(of.team.clinic), now=at(hours))
    device = factories.phone(bird.episode, now=at(hours))[0]
    said = Submission(
        client_id=uuid4(), observed_at=at(hours), sent_at=at(hours), completed=True,
        answered_by="patient", app_version="canary/1", answers=canary.ANSWERS,
    )  # fmt: skip
    checkins.submit(device=device, submission=said, now=at(hours))
    for row in Assessment.objects.filter(episode=bird.episode, flagged_at=None):
        alerts.flag(assessment_id=row.pk, by="celery", now=at(hours))
    return bird


def test_no_page_and_no_figure_shows_or_counts_the_canary(
    healthy: Ward, set_clock: SetClock, sign_in: SignIn
):
    set_clock(NOW_H)
    dee = factories.member(healthy.team, "Dee Lund", "admin", password=None)
    people = {who.name: sign_in(who) for who in (healthy.ben, healthy.dora, dee)}
    addresses = pages(healthy)
    before = {name: read(client, addresses) for name, client in people.items()}
    assert all(len(read_) >= 15 for read_ in before.values())

    bird = sings(healthy, NOW_H)
    red_flag = Alert.objects.get(team=bird.team, status="open", tier=4)
    private = [
        canary.TEAM,
        bird.user.email,
        *(str(each.uuid) for each in (bird.team, bird.episode, red_flag)),
    ]

    for name, client in people.items():
        after = read(client, addresses)
        assert set(after) == set(before[name])
        for address, content in after.items():
            assert not any(word.encode() in content for word in private), address
            assert content == before[name][address], address


def test_nobody_but_its_own_mailbox_is_told_of_the_canary_however_long_nobody_acts(
    healthy: Ward, set_clock: SetClock
):
    factories.member(healthy.team, "Dee Lund", "admin", password=None)
    bird = sings(healthy, NOW_H)
    for hours in (NOW_H + 0.1, NOW_H + 0.5, NOW_H + 3, NOW_H + 9):
        assert escalation.fire_due(limit=100, now=at(hours)) >= 0
        ward.settle(hours)

    told = Notification.objects.filter(alert__team=bird.team)
    assert told.count() >= 2
    assert set(told.values_list("recipient", flat=True)) == {bird.user.pk}


def test_each_round_opens_an_alert_of_its_own_and_closes_it(healthy: Ward, set_clock: SetClock):
    bird = sings(healthy, NOW_H)
    canary.close_all(bird, now=at(NOW_H + 0.1))
    sings(healthy, NOW_H + 0.2)

    of_canary = Alert.objects.filter(team=bird.team, tier=4)
    assert of_canary.filter(status="closed").exists()
    assert Notification.objects.filter(alert__in=of_canary.filter(status="open")).exists()


def test_two_processes_begin_one_round(healthy: Ward, settings: Any):
    now = clock.now()
    settings.CANARY_EVERY_S = 300
    bird = canary.ensure(healthy.team.clinic)

    flights = [canary.begin(bird, now=now) for _ in range(2)]

    assert [flight is not None for flight in flights] == [True, False]
    assert canary.ensure(healthy.team.clinic).pk == bird.pk
    assert timezone.is_aware(now)


def test_a_recovery_of_the_canary_is_a_day_long_at_most(healthy: Ward):
    now = clock.now()
    bird = canary.renew(canary.ensure(healthy.team.clinic), now=now)
    assert canary.renew(bird, now=now).episode_id == bird.episode_id

    Canary.objects.filter(pk=bird.pk).update(began_at=now - canary.BEGINS_ANEW)

    renewed = canary.renew(bird, now=now)
    assert renewed.episode_id != bird.episode_id
    assert Episode.objects.filter(team=bird.team, status="ended").count() == 1


def test_the_auditor_calls_a_ward_with_a_canary_well(healthy: Ward):
    bird = sings(healthy, NOW_H)
    canary.close_all(bird, now=at(NOW_H + 0.001))
    ward.settle(NOW_H)

    assert ward.look().is_well
    assert ward.look(seconds=20).is_well
