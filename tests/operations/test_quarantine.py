from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from recovery import alerts, quarantine
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, DeviceToken, Quarantine
from tests import factories
from tests.factories import ALL_CLEAR, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> DeviceToken:
    team = factories.team()
    factories.member(team)
    device, _ = factories.phone(factories.episode(team))
    return device


def keep(device: DeviceToken, body: bytes = b"{", **fields) -> Assessment:
    arguments = {"code": "syntax", "problems": [], "readable": False, "now": at(30)} | fields
    return quarantine.keep(device=device, body=body, **arguments)


def flag_all() -> None:
    for pk in Assessment.objects.filter(flagged_at=None).values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="celery", now=at(30))


def live() -> dict[str, int]:
    return dict(Alert.objects.values_list("rule", "tier"))


def test_an_unreadable_body_is_kept_as_it_came_and_the_team_told(ana: DeviceToken) -> None:
    verdict = keep(ana, b'\xff{"pain_now":')
    flag_all()

    assert bytes(Quarantine.objects.get().body) == b'\xff{"pain_now":'
    assert verdict.tier == Tier.SAME_DAY
    assert live() == {"UNREADABLE": Tier.SAME_DAY}


def test_the_valid_answers_of_a_readable_body_are_judged_as_half_finished(ana: DeviceToken) -> None:
    keep(ana, readable=True, code="invalid", readings=[{"chest_pain": "yes"}], observed_at=at(29))
    flag_all()

    assert live() == {"CHEST": Tier.EMERGENCY}  # and not INCOMPLETE


def test_a_refused_body_without_findings_is_kept_and_alerts_nobody(ana: DeviceToken) -> None:
    verdict = keep(ana, readable=True, code="invalid", readings=[ALL_CLEAR])
    flag_all()

    assert (verdict.tier, live()) == (Tier.NONE, {})


def test_the_same_body_again_is_kept_once(ana: DeviceToken) -> None:
    for _ in range(3):
        keep(ana, b"not json")

    assert Quarantine.objects.count() == Assessment.objects.count() == 1


def test_the_same_bytes_after_their_alert_was_closed_are_a_new_report(ana: DeviceToken) -> None:
    ben = factories.member(ana.episode.team, "Ben Okafor")
    keep(ana, b"")
    flag_all()
    alert = Alert.objects.get()
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Old app.", now=at(31))
    keep(ana, b"", now=at(40))
    flag_all()

    assert Alert.objects.filter(status="open").count() == 1
    assert Quarantine.objects.count() == 2


def test_a_report_that_is_sent_again_under_its_id_after_its_alert_was_closed_is_no_new_one(
    ana: DeviceToken,
) -> None:
    ben = factories.member(ana.episode.team, "Ben Okafor")
    known = {"readable": True, "client_id": uuid4(), "readings": [{"chest_pain": "yes"}]}
    keep(ana, b"x", **known)
    flag_all()
    alert = Alert.objects.get()
    alerts.close(alert_id=alert.uuid, by=ben, outcome="seen", contacted=True, note="Seen.", now=at(31))
    keep(ana, b"x", **known)
    flag_all()

    assert Quarantine.objects.count() == 1


def test_beyond_the_cap_bodies_are_only_counted(ana: DeviceToken) -> None:
    for number in range(Quarantine.PER_DEVICE_AND_DAY):
        keep(ana, f"broken {number}".encode())
    flag_all()
    for number in range(7):
        assert (
            keep(ana, f"more {number}".encode()).tier == Tier.SAME_DAY
        )  # the patient is told to call all the same

    assert Quarantine.objects.count() == Quarantine.PER_DEVICE_AND_DAY
    assert sum(Quarantine.objects.values_list("beyond", flat=True)) == 7


def test_no_cap_mutes_a_red_flag_that_the_team_was_not_told(ana: DeviceToken) -> None:
    for number in range(Quarantine.PER_DEVICE_AND_DAY):
        keep(ana, f"broken {number}".encode())
    flag_all()
    for number in range(3):
        keep(ana, f"red {number}".encode(), readable=True, code="invalid", readings=[{"chest_pain": "yes"}])
        flag_all()

    assert live() == {"UNREADABLE": Tier.SAME_DAY, "CHEST": Tier.EMERGENCY}
    assert Quarantine.objects.count() == Quarantine.PER_DEVICE_AND_DAY + 1


def test_the_cap_is_per_day(ana: DeviceToken) -> None:
    keep(ana, b"first")
    flag_all()
    for number in range(Quarantine.PER_DEVICE_AND_DAY):
        keep(ana, f"broken {number}".encode())
    keep(ana, b"next day", now=at(54.1))

    assert Quarantine.objects.count() == Quarantine.PER_DEVICE_AND_DAY + 1


def test_a_huge_body_is_kept_in_part(ana: DeviceToken) -> None:
    keep(ana, b"x" * 10_000_000, code="too_large")

    assert len(Quarantine.objects.get().body) == quarantine.MOST_BYTES


@pytest.mark.django_db(transaction=True)
def test_the_same_body_twice_at_once_is_kept_once() -> None:
    device, token = factories.phone(factories.episode())

    def refuse(_: int) -> int:
        try:
            return keep(factories.reload_phone(token), b"not json").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(refuse, range(10)))) == 1
    assert Quarantine.objects.count() == Assessment.objects.count() == 1
