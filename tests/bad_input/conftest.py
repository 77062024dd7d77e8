from tests.api.conftest import ana, episode, eve, set_clock

__all__ = ["ana", "episode", "eve", "set_clock"]
