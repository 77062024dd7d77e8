"""Every message becomes one whole file, numbered on from the last. The receiver is run as the process it is."""

import email
import signal
import smtplib
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from services import ports
from services.children import ROOT


@contextmanager
def mailbox(directory):
    port = ports.free()
    process = subprocess.Popen([sys.executable, "-m", "demo.mailbox", str(port), str(directory)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while ports.is_free(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def send(port, subject):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as line:
        line.sendmail("from@x.example", ["to@x.example"], f"Subject: {subject}\r\n\r\nZażółć.\r\n".encode())


@pytest.mark.parametrize("last", [0, 41])
def test_every_message_is_a_file_with_the_next_number(tmp_path, last):
    if last:
        (tmp_path / f"{last}.eml").write_bytes(b"of an earlier start")
    with mailbox(tmp_path) as port:
        send(port, "one")
        send(port, "two")
    assert {file.name for file in tmp_path.iterdir()} == {f"{n}.eml" for n in (last, last + 1, last + 2) if n}
    message = email.message_from_bytes((tmp_path / f"{last + 2}.eml").read_bytes())
    assert message["Subject"] == "two"
    assert "Zażółć." in message.get_payload(decode=True).decode()
