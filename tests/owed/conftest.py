from tests.auditor.conftest import healthy, mailbox, set_clock, sign_in

__all__ = ["healthy", "mailbox", "set_clock", "sign_in"]
