"""A thousand wrong passwords on one person (S23): neither a patient's phone nor who is signed in already notices."""

from django.test import Client
from pytest_django import Settings

from recovery.models import DeviceToken, User
from tests import factories
from tests.faults.scale import times
from tests.security.staff_doors.people import SIGN_IN, is_in

TRIES = times(60, 1_000)


def test_s23_however_many_wrong_passwords_shut_out_no_phone_and_nobody_who_is_in(
    ben: User, ana: DeviceToken, settings: Settings
) -> None:
    """From many addresses, as who has a thousand of them would try."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    token = factories.phone(ana.episode)[1]
    inside = Client()
    inside.force_login(ben)
    tried = Client()

    answers = [
        tried.post(
            SIGN_IN,
            {"login": ben.email, "password": f"guess {number}"},
            headers={"X-Forwarded-For": f"198.51.{number // 250}.{number % 250}"},
        ).status_code
        for number in range(TRIES)
    ]

    assert set(answers) <= {200, 429}
    assert is_in(inside)
    phone = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert phone.status_code == 200
