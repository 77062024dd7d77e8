"""What stands in the way of a start is said in one line, with what to do."""

import socket

import pytest

from demo import running


def test_a_taken_port_is_named_with_another_to_try(tmp_path):
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        with pytest.raises(running.CannotRun, match=f"Port {port} is taken.*PORT={port + 1}"):
            running.run(running.Wishes(var=tmp_path / "var", port=port))
