"""The same people as at the desk: Ben and Dee of one team, Cleo of another clinic."""

from tests.dashboard.conftest import ana, ben, cleo, dee, set_clock, sign_in, team

__all__ = ["ana", "ben", "cleo", "dee", "set_clock", "sign_in", "team"]
