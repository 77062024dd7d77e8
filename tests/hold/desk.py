"""What is before the team: the live alerts of a patient, an alert's history, the pages that a colleague reads."""

from django.test import Client

from recovery.models import Alert, AlertEvent, Episode, User

OOZING = {"bleeding": "oozing"}
HIGH, VERY_HIGH = {"temp": {"value": 38.5, "unit": "C"}}, {"temp": {"value": 40.1, "unit": "C"}}
"""Fever at same_day, and at emergency."""


def live(of: Episode) -> dict[str, int]:
    return dict(of.alerts.filter(status__in=Alert.LIVE).values_list("rule", "tier"))


def kinds(rule: str) -> list[str]:
    return list(AlertEvent.objects.filter(alert__rule=rule).order_by("id").values_list("kind", flat=True))


def page_of(rule: str, by: User) -> str:
    return page(f"/alerts/{Alert.objects.get(rule=rule).uuid}", by)


def page(path: str, by: User) -> str:
    client = Client()
    client.force_login(by)
    answered = client.get(path)
    assert answered.status_code == 200
    return answered.content.decode()
