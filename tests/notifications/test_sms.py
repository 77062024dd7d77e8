"""Text messages by Twilio's API, to a server that speaks it."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from recovery.clinical.tiers import Tier
from recovery.notifications.channels import Message, Permanent, Temporary, numbers, post, sms
from recovery.notifications.channels.sms import Sms
from tests.provider import Answer, Fate, Provider, Twilio

KEY = UUID("0b0f3c3e-7d0c-4c59-a1d5-3f2b6f0c7a11")
BEN = "+447700900123"


def message(**changes: str) -> Message:
    fields = {"to": BEN, "short": "Urgent item: please sign in https://app.example.org/alerts/1"} | changes
    return Message(key=KEY, tier=Tier.EMERGENCY, subject="Urgent item", text="Please sign in.\n", **fields)


@pytest.fixture
def line() -> Iterator[Sms]:
    made = Sms()
    yield made
    made.close()


def send(line: Sms, **changes: str) -> str:
    line.open(changes.get("to", BEN))
    return line.send(message(**changes))


def refused(status: int, code: int) -> Answer:
    said = {"code": code, "message": f"{BEN} is no number", "status": status}
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(said).encode())


@pytest.mark.parametrize(
    ("caller", "signed"),
    [("+14158675310", "GvWf1cFY/Q7PnoempGyD5oXAezc="), ("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")],
)
def test_the_signature_is_that_of_the_published_examples(caller: str, signed: str):
    """Of Twilio: what their own libraries accept."""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": caller,
        "Digits": "1234",
        "From": caller,
        "To": "+18005551212",
    }

    assert sms.signature("https://mycompany.com/myapp.php?foo=1&bar=2", fields, "12345") == signed


def test_a_message_is_one_post_as_the_api_has_it(both: Provider, line: Sms, settings):
    settings.BASE_URL = "https://app.example.org"
    sid = send(line)

    (request,) = both.sms.requests
    assert request.to == Twilio.PATH
    assert request.headers["authorization"].startswith("Basic ")
    assert sid.startswith("SM")
    assert parse_qs(request.body.decode()) == {
        "To": [BEN],
        "From": [Twilio.NUMBER],
        "Body": ["Urgent item: please sign in https://app.example.org/alerts/1"],
        "StatusCallback": [f"https://app.example.org/provider/sms/{KEY}"],
    }


def test_a_messaging_service_sends_where_one_is_named(both: Provider, line: Sms, settings):
    settings.TWILIO_FROM = "MG" + "1" * 32
    send(line)

    (text,) = both.sms.texts
    assert text["MessagingServiceSid"] == settings.TWILIO_FROM
    assert "From" not in text


def test_without_an_account_nobody_is_told_by_text_message(both: Provider, line: Sms, settings):
    settings.TWILIO_ACCOUNT_SID = ""

    with pytest.raises(Permanent, match="no-sms-provider"):
        line.open(BEN)
    assert both.sms.connections == 0


@pytest.mark.parametrize(
    "number", ["07700 900123", "+44", "+0123456789", "+44770090012x", "+447700900123\r\nX: y", ""]
)
def test_what_is_no_number_with_its_country_is_refused(number: str):
    with pytest.raises(Permanent, match="number"):
        numbers.checked(number)


@pytest.mark.parametrize(
    "written", ["+44 7700 900123", "+44 (7700) 900-123", "0044 7700 900 123", "+44.7700.900123"]
)
def test_a_number_may_be_written_as_people_do(written: str):
    assert numbers.checked(written) == BEN


def test_what_stands_in_a_message_cannot_become_another_field(both: Provider, line: Sms):
    """S40: whatever the words are, they stay words."""
    send(line, short="one\r\nTo: +1&To=%2B15550100&{{x}}%s")

    (text,) = both.sms.texts
    assert (text["To"], text["Body"]) == (BEN, "one\r\nTo: +1&To=%2B15550100&{{x}}%s")
    assert len(parse_qs(both.sms.requests[0].body.decode())["To"]) == 1


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (400, 21211, "sms-21211"),
        (400, 21610, "sms-21610"),
        (401, 20003, "sms-20003"),
        (404, 20404, "sms-20404"),
    ],
)
def test_what_it_will_not_send_is_final_and_only_its_number_is_kept(
    status: int, code: int, said: str, both: Provider, line: Sms
):
    both.sms.answers[BEN] = refused(status, code)

    with pytest.raises(Permanent) as refusal:
        send(line)
    assert refusal.value.code == said


@pytest.mark.parametrize(
    ("answer", "line_down"),
    [
        (refused(429, 20429), True),
        (refused(400, 21611), False),
        (Answer(500), False),
        (Answer(503, body=b"<html>"), True),
        (Answer(408), False),
    ],
)
def test_what_may_go_away_is_tried_again(answer: Answer, line_down: bool, both: Provider, line: Sms):
    both.sms.answers[None] = answer

    with pytest.raises(Temporary) as fault:
        send(line)
    assert fault.value.line_down is line_down


def test_retry_after_is_honoured(both: Provider, line: Sms):
    both.sms.answers[None] = Answer(429, {"Retry-After": "120"})

    with pytest.raises(Temporary) as fault:
        send(line)
    assert fault.value.not_before.total_seconds() == 120


@pytest.mark.parametrize("fate", [Fate.HANG, Fate.DRIP, Fate.CUT])
def test_a_provider_that_hangs_drips_or_hangs_up_is_left_in_time(
    fate: Fate, both: Provider, line: Sms, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(post, "TOTAL_S", 1.0)
    both.sms.answers[None] = fate

    with pytest.raises(Temporary) as fault:
        send(line)
    assert fault.value.line_down
    assert not both.sms.answer.is_set(), "it waited for the answer"


def test_several_messages_share_a_connection(both: Provider, line: Sms):
    for _ in range(3):
        send(line)

    assert both.sms.connections == 1
