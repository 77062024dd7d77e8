"""Webhooks over TLS: the certificate must be the receiver's, and time is limited inside TLS as well."""

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from recovery import clock
from recovery.notifications.channels import Temporary, post
from recovery.notifications.channels.webhook import Webhook
from services import ports
from tests.notifications.test_webhook import KEY, message
from tests.provider import Fate, Receiver
from tests.waiting import wait_until


def certificate(directory: Path, address: str) -> Path:
    """Of a receiver at this address, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = clock.real()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = directory / f"{address}.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def line() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.close()


@pytest.fixture
def receiver(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request) -> Iterator[Receiver]:
    """Its certificate, for the address in `request.param` or its own, is known to this system."""
    file = certificate(tmp_path, getattr(request, "param", ports.HOST))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    settings.WEBHOOK_ALLOWED_NETWORKS = [ipaddress.ip_network(f"{ports.HOST}/32")]
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    running = Receiver(tls)
    running.start()
    try:
        yield running
    finally:
        running.answer.set()
        running.stop()


def test_a_receiver_with_a_certificate_of_its_own_is_sent_to(receiver: Receiver, line: Webhook):
    for _ in range(2):
        line.open(receiver.url())
        assert line.send(message(receiver.url())) == "http-204"
    assert [request.key for request in receiver.requests] == [str(KEY)] * 2
    assert receiver.connections == 1


@pytest.mark.parametrize("receiver", ["127.0.0.9"], indirect=True)
def test_a_certificate_of_somebody_else_is_refused(receiver: Receiver, line: Webhook):
    with pytest.raises(Temporary) as fault:
        line.open(receiver.url())
    assert fault.value.line_down
    assert receiver.requests == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    receiver: Receiver, line: Webhook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path / "other", ports.HOST)))

    with pytest.raises(Temporary):
        line.open(receiver.url())
    assert receiver.requests == []


@pytest.mark.parametrize("fate", list(Fate))
def test_time_is_limited_inside_tls(
    fate: Fate, receiver: Receiver, line: Webhook, monkeypatch: pytest.MonkeyPatch
):
    receiver.answers[None] = fate
    line.open(receiver.url())
    monkeypatch.setattr(post, "TOTAL_S", 1.0)

    with pytest.raises(Temporary):
        line.send(message(receiver.url()))
    assert not receiver.answer.is_set(), "it waited for the answer"
    wait_until(lambda: [request.key for request in receiver.requests] == [str(KEY)])


def test_a_receiver_that_never_shakes_hands_is_left_in_time(
    settings, line: Webhook, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("recovery.notifications.channels.wire.CONNECT_S", 0.5)
    settings.WEBHOOK_ALLOWED_NETWORKS = [ipaddress.ip_network(f"{ports.HOST}/32")]
    plain = Receiver()
    plain.start()
    try:
        with pytest.raises(Temporary) as fault:
            line.open(f"https://{ports.HOST}:{plain.port}/")
    finally:
        plain.stop()
    assert fault.value.line_down
