"""Patient Ana, nurse Ben, admin Dee and nurse Cleo of another clinic, as on the pages' tests."""

from tests.dashboard.conftest import _quick_passwords, ana, ben, cleo, dee, set_clock, sign_in, team

__all__ = ["_quick_passwords", "ana", "ben", "cleo", "dee", "set_clock", "sign_in", "team"]
