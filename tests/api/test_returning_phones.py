"""Phones that come back: after a month without a network, with an old app, signed out, or of a patient who was
discharged. Nothing that a patient felt is thrown away (Y16 to Y18); and what a code and a token are worth (S11, S12,
S19)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from recovery import devices, enrolment, episodes
from recovery.models import Alert, AuditEvent, CheckIn, DeviceToken, EnrolmentCode, Episode, Quarantine, User
from tests import factories
from tests.api.conftest import SetClock
from tests.api.phones import BATCH, CHECK_INS, ME, Phone, check_in, correction
from tests.api.test_enrolment import redeem
from tests.dashboard.scenes import flag_all
from tests.factories import at

MONTH = 20 + 30 * 24

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(episode: Episode) -> User:
    return factories.member(episode.team)


@pytest.fixture
def out(ana: Phone, ben: User) -> Phone:
    """Ana's phone, signed out by the team."""
    sign_out(ana.device, ben)
    return ana


def sign_out(device: DeviceToken, by: User) -> None:
    devices.revoke(
        episode_id=device.episode.uuid, device_id=device.uuid, reason="Lost on the bus.", by=by, now=at(20)
    )


# --- Y16


@pytest.mark.parametrize("version", ["web/0", "android/0.0.1", "ios/2024-03"])
def test_y16_the_version_of_an_app_is_no_reason_to_refuse(ana: Phone, version: str) -> None:
    sent = ana.post(CHECK_INS, check_in() | {"app_version": version})

    assert sent.status_code == 201
    assert CheckIn.objects.get().app_version == version


@pytest.mark.parametrize("place", ["mood_of_the_day", "answers.mood_of_the_day"])
def test_y16_an_unknown_field_is_refused_and_what_is_known_is_judged(ana: Phone, place: str) -> None:
    sent = check_in(chest_pain="yes")
    (sent["answers"] if place.startswith("answers") else sent)["mood_of_the_day"] = "fine"

    refused = ana.post(CHECK_INS, sent)

    told = refused.json()
    assert (refused.status_code, told["errors"][0]["place"], told["errors"][0]["code"]) == (
        422,
        place,
        "unknown_field",
    )
    assert told["urgency"] == "emergency"
    assert Quarantine.objects.get().answers["chest_pain"] == "yes"


def test_y16_an_unknown_answer_is_unknown_and_never_fine(ana: Phone) -> None:
    refused = ana.post(CHECK_INS, check_in(numbness="a_bit"))

    well = ana.post(CHECK_INS, check_in(19)).json()
    told = refused.json()
    assert (refused.status_code, told["errors"][0]["code"]) == (422, "unknown_code")
    kept = Quarantine.objects.get()
    assert "numbness" not in kept.answers
    assert kept.reviewed_at is None
    assert told["action"] != well["action"]  # nobody is told that all is well
    assert CheckIn.objects.count() == 1  # and nothing of it counts


# --- Y17


@pytest.mark.hazard("HZ5.3")
def test_y17_what_a_signed_out_phone_had_not_sent_is_read_by_the_team_and_an_alarm_in_it_is_told(
    out: Phone, episode: Episode
) -> None:
    sent = check_in(19, chest_pain="yes")

    answered = out.post(CHECK_INS, sent)

    told = answered.json()
    assert (answered.status_code, told["code"], told["urgency"]) == (401, "device_revoked", "emergency")
    assert answered.headers["WWW-Authenticate"] == "Bearer"
    kept = Quarantine.objects.get()
    assert (str(kept.client_id), kept.code, kept.readable, kept.observed_at) == (
        sent["id"],
        "device_revoked",
        True,
        at(19),
    )
    assert not CheckIn.objects.exists()
    flag_all(20)
    assert Alert.objects.get(episode=episode, tier=4).latest_assessment.quarantine == kept


def test_y17_all_that_is_well_is_kept_too_and_raises_nothing(out: Phone) -> None:
    out.post(CHECK_INS, check_in(19))

    flag_all(20)
    assert Quarantine.objects.get().reviewed_at is None
    assert not Alert.objects.exists()


def test_y17_each_report_of_a_batch_and_a_correction_are_kept(out: Phone) -> None:
    batch = [check_in(18), check_in(19, bleeding="oozing")]
    answered = out.post(BATCH, {"check_ins": batch})
    changed = check_in(17)
    out.put(f"{CHECK_INS}/{changed['id']}", correction(changed, pain_now=5))

    assert (answered.status_code, answered.json()["urgency"]) == (401, "same_day")
    kept = {str(row.client_id) for row in Quarantine.objects.exclude(client_id=None)}
    assert kept == {*(one["id"] for one in batch), changed["id"]}


def test_y17_sent_again_it_is_kept_once(out: Phone) -> None:
    sent = check_in(19)
    for second in range(3):
        out.post(CHECK_INS, sent | {"sent_at": (at(20) + timedelta(seconds=second)).isoformat()})

    assert Quarantine.objects.count() == 1


def test_y17_what_cannot_be_read_is_kept_as_it_came(out: Phone) -> None:
    body = b'{"answers": {"chest_pain": "yes"'

    answered = out.post(CHECK_INS, body)

    assert answered.status_code == 401
    assert bytes(Quarantine.objects.get().body) == body
    assert out.post(CHECK_INS, b" ").status_code == 401
    assert Quarantine.objects.count() == 1  # of nothing there is nothing to keep


def test_y17_a_signed_out_phone_is_told_nothing_of_earlier_reports(ana: Phone, ben: User) -> None:
    """Of a worsening only somebody knows who knows what was before."""
    ana.post(CHECK_INS, check_in(10, pain_now=1))
    worse = check_in(19, pain_now=6, pain_change="same")
    sign_out(ana.device, ben)

    out = ana.post(CHECK_INS, worse).json()

    kept = Quarantine.objects.get()
    assert {finding["rule"] for finding in kept.assessment.findings} > {line["rule"] for line in out["lines"]}


def test_y17_with_a_new_code_it_is_taken_and_counts_once(out: Phone, episode: Episode, ben: User) -> None:
    sent = check_in(19)
    out.post(CHECK_INS, sent)
    code = devices.renew_code(episode_id=episode.uuid, by=ben, now=at(20))
    again = Phone(redeem(code).json()["device_token"], Client())

    assert again.post(CHECK_INS, sent).status_code == 201
    assert CheckIn.objects.count() == 1


def test_y17_nothing_of_a_token_that_never_was_is_kept(out: Phone) -> None:
    stranger = Phone("no-such-token", Client())

    answered = stranger.post(CHECK_INS, check_in(chest_pain="yes"))

    assert (answered.status_code, answered.json()["code"]) == (401, "token_unknown")
    assert not Quarantine.objects.exists()


@pytest.mark.parametrize("felt", [19.0, 30.0])
def test_y17_a_discharged_patients_reports_are_taken_and_judged(
    ana: Phone, episode: Episode, ben: User, set_clock: SetClock, felt: float
) -> None:
    """Better than to be kept for review: whenever it was felt."""
    episodes.end(episode_id=episode.uuid, reason="Discharged.", by=ben, now=at(20))
    set_clock(31)

    sent = ana.post(CHECK_INS, check_in(felt, chest_pain="yes"))

    assert (sent.status_code, sent.json()["urgency"]) == (201, "emergency")
    flag_all(31)
    assert Alert.objects.filter(episode=episode, tier=4).exists()


# --- Y18


def test_y18_a_month_without_a_network_is_harmless(ana: Phone, set_clock: SetClock) -> None:
    kept = [check_in(24 * day + 2) for day in range(1, 30)]
    set_clock(MONTH)

    results = ana.post(BATCH, {"check_ins": kept}).json()["results"]

    assert {result["status"] for result in results} == {201}
    assert CheckIn.objects.count() == len(kept)
    assert ana.get(ME).status_code == 200  # the token has no end of its own


def test_y18_who_has_to_sign_on_anew_after_a_month_loses_nothing(
    ana: Phone, episode: Episode, ben: User, set_clock: SetClock
) -> None:
    sign_out(ana.device, ben)
    kept = [check_in(24 * day + 2) for day in range(1, 30)]
    set_clock(MONTH)
    refused = ana.get(ME)

    code = devices.renew_code(episode_id=episode.uuid, by=ben, now=at(MONTH))
    again = Phone(redeem(code).json()["device_token"], Client())
    results = again.post(BATCH, {"check_ins": kept}).json()["results"]

    assert refused.status_code == 401
    assert {result["status"] for result in results} == {201}


# --- tokens and codes by number


def test_s11_a_token_has_256_random_bits_and_only_its_hash_is_stored(episode: Episode) -> None:
    tokens = {factories.phone(episode)[1] for _ in range(20)}

    assert len(tokens) == 20
    assert all(re.fullmatch(r"[\w-]{43}", token) for token in tokens)  # 43 letters of 6 bits
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(d::text, ' ') FROM recovery_devicetoken d")
        stored = cursor.fetchone()[0]
    assert not any(token in stored for token in tokens)


def test_s12_one_phone_is_signed_out_at_its_next_request_and_the_others_go_on(
    ana: Phone, episode: Episode, ben: User
) -> None:
    tablet = Phone(factories.phone(episode)[1], Client())

    sign_out(ana.device, ben)

    assert (ana.get(ME).status_code, ana.get(ME).json()["code"]) == (401, "device_revoked")
    assert tablet.get(ME).status_code == 200


def test_s19_a_code_has_40_secret_bits_lives_72_hours_and_works_once(
    episode: Episode, set_clock: SetClock
) -> None:
    code = enrolment.issue_code(episode=episode, now=at(20))
    row = EnrolmentCode.objects.get()

    assert len(enrolment.ALPHABET) ** enrolment.SECRET >= 2**40
    assert len(code.replace("-", "")) == len(row.selector) + enrolment.SECRET
    assert row.expires_at - row.created_at == timedelta(hours=72)
    set_clock(91.99)
    assert redeem(code).status_code == 201
    assert redeem(code).json()["code"] == "code_expired"


def test_s19_codes_are_not_alike(episode: Episode) -> None:
    """Of 300 no two share a selector or a secret, and every letter of the alphabet comes up."""
    codes = [enrolment.issue_code(episode=episode, now=at(20)).replace("-", "") for _ in range(300)]

    assert len({code[:4] for code in codes}) == len({code[4:] for code in codes}) == 300
    assert set("".join(codes)) == set(enrolment.ALPHABET)


def test_s19_guesses_behind_a_right_selector_lock_the_code(episode: Episode) -> None:
    code = enrolment.issue_code(episode=episode, now=at(20))

    def guess(number: int) -> Any:
        return redeem(f"{code[:4]}-0000-{number:04}").json()["code"]

    assert [guess(number) for number in range(7)] == ["code_invalid"] * 5 + ["code_locked"] * 2
    assert redeem(code).json()["code"] == "code_locked"
    assert not AuditEvent.objects.filter(what="redeemed enrolment code").exists()
