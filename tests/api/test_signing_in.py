import pytest
from django.test import Client

from recovery import enrolment
from tests import factories
from tests.api.phones import CHECK_INS, ME, Phone, check_in


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "not_signed_in"),
        ("Bearer", "not_signed_in"),
        ("Bearer ", "not_signed_in"),
        ("Basic YW5hOmFuYQ==", "not_signed_in"),
        ("Token abc", "not_signed_in"),
        ("Bearer abc", "token_unknown"),
        ("Bearer a b", "token_unknown"),
        ("Bearer \u00e9\ud83d", "token_unknown"),
        ("Bearer " + "a" * 5_000, "token_unknown"),
        ("Bearer ' OR 1=1", "token_unknown"),
        ("Bearer \x00", "token_unknown"),
    ],
)
def test_without_a_good_token_nothing_is_told(db: None, header: str, code: str) -> None:
    refused = Client().get(ME, headers={"Authorization": header})

    assert (refused.status_code, refused.json()["code"]) == (401, code)
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_phone_is_told_so_from_its_next_request_on(ana: Phone) -> None:
    enrolment.revoke(device=ana.device, now=factories.at(20))

    refused = ana.post(CHECK_INS, check_in())

    assert (refused.status_code, refused.json()["code"]) == (401, "device_revoked")


def test_revoking_one_phone_leaves_the_other_signed_in(ana: Phone) -> None:
    other = Phone(factories.phone(ana.device.episode)[1], Client())
    enrolment.revoke(device=ana.device, now=factories.at(20))

    assert [ana.get(ME).status_code, other.get(ME).status_code] == [401, 200]


def test_a_cookie_signs_no_phone_in(ana: Phone) -> None:
    """S29"""
    client = Client()
    client.force_login(factories.member(ana.device.episode.team))

    assert client.get(ME).status_code == 401


def test_a_cookie_beside_a_token_is_not_looked_at(ana: Phone) -> None:
    ana.client.cookies["sessionid"] = "stolen"
    ana.client.cookies["csrftoken"] = "x"

    assert ana.post(CHECK_INS, check_in()).status_code == 201


def test_the_scheme_is_read_in_any_case(ana: Phone) -> None:
    assert Client().get(ME, headers={"Authorization": f"bearer {ana.token}"}).status_code == 200
