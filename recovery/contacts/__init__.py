"""Where members of staff are told: contacts are added, verified by a code that was sent there, tested, and ended."""

from recovery.contacts.checking import TEST, answer_test, enter_code, send_code, send_test, test_due
from recovery.contacts.keeping import (
    ContactRefused,
    add_email,
    add_sms,
    add_webhook,
    change_secret,
    end,
    verify,
)

__all__ = [
    "TEST",
    "ContactRefused",
    "add_email",
    "add_sms",
    "add_webhook",
    "answer_test",
    "change_secret",
    "end",
    "enter_code",
    "send_code",
    "send_test",
    "test_due",
    "verify",
]
