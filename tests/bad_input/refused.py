"""What every refused report has in common, whatever is wrong with it."""

import json
from typing import Any

from recovery import alerts
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, CheckIn, Quarantine
from recovery.quarantine import MOST_BYTES
from tests.api.phones import CHECK_INS, Phone, check_in
from tests.factories import at

RED = check_in(chest_pain="yes")
TEXT = json.dumps(RED)
"""A check-in with a red flag, into which each row puts what is wrong."""


def with_answer(text: str) -> bytes:
    """The red flag with `text`, as it stands, as the answer to pain_now."""
    return TEXT.replace('"pain_now": 2', f'"pain_now": {text}').encode()


def with_note(text: str) -> bytes:
    return TEXT.replace('"wants_call": "no"', f'"free_text": {text}').encode()


def with_answers(**changes: Any) -> dict[str, Any]:
    return RED | {"answers": RED["answers"] | changes}


def refused(
    phone: Phone,
    body: Any,
    status: int,
    code: str,
    *,
    places: list[str] | None = None,
    told: str = "CHEST",
    tier: Tier = Tier.EMERGENCY,
    path: str = CHECK_INS,
    method: str = "post",
    **how: Any,
) -> dict[str, Any]:
    """Sends it and holds what must be true: the answer names what is wrong; nothing is stored as a check-in; the body
    is kept as it came; patient and team are told of the red flag in the rest. Returns the problem document."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    before = list(CheckIn.objects.values_list("client_id", "revision", "answers"))

    answered = getattr(phone, method)(path, raw, **how)

    problem: dict[str, Any] = answered.json()
    assert (answered.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answered.headers["Content-Type"] == "application/problem+json"
    assert places is None or [error["place"] for error in problem["errors"]] == places
    assert list(CheckIn.objects.values_list("client_id", "revision", "answers")) == before
    assert bytes(Quarantine.objects.latest("pk").body) == raw[:MOST_BYTES]
    assert (problem["urgency"], problem["lines"][0]["rule"]) == (tier.code, told)
    team_is_told(told, tier)
    return problem


def team_is_told(rule: str, tier: Tier) -> None:
    for pk in Assessment.objects.filter(flagged_at=None).values_list("pk", flat=True):
        alerts.flag(assessment_id=pk, by="watch", now=at(21))
    assert Alert.objects.filter(rule=rule, tier=tier, status="open").count() == 1
