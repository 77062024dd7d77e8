"""The proxy of docker-compose.yml, run for real: its own configuration, its TLS, and an upstream of the test's."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services import ports
from services.children import ROOT
from tests.waiting import wait_until

NGINX = os.environ.get("NGINX_PROGRAM") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
if not NGINX and os.environ.get("REQUIRE_NGINX"):
    raise RuntimeError("REQUIRE_NGINX=1, but no nginx is installed (or named in NGINX_PROGRAM)")
with_nginx = pytest.mark.skipif(not NGINX, reason="no nginx is installed (or named in NGINX_PROGRAM)")

NAME = "recovery.test"
"""What its certificate says, and the host that the service answers to."""


@dataclass(frozen=True)
class Proxy:
    port: int
    certificate: Path
    log: Path
    """Of accesses, as it would stand in the container's output."""

    def tls(self, **versions: ssl.TLSVersion) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.certificate))
        for name, version in versions.items():
            setattr(context, name, version)
        return context

    def line(self, timeout: float = 30.0) -> ssl.SSLSocket:
        """A connection to it, after the handshake."""
        plain = socket.create_connection((ports.HOST, self.port), timeout=timeout)
        return self.tls().wrap_socket(plain, server_hostname=NAME)

    def talk(self, sent: bytes) -> bytes:
        """All that is answered until the proxy closes the connection."""
        with self.line() as wire:
            wire.sendall(sent)
            return until_closed(wire)


def until_closed(wire: socket.socket) -> bytes:
    answered = b""
    while chunk := wire.recv(65_536):
        answered += chunk
    return answered


def request(line: str, *headers: str, body: bytes = b"", host: str = NAME) -> bytes:
    lines = [f"{line} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def status_of(answered: bytes) -> int:
    return int(answered.split(b" ")[1])


@contextmanager
def proxy(directory: Path, upstream: int, change: Callable[[str], str] = str) -> Generator[Proxy]:
    """In front of a port on loopback. Addresses and places are the test's, all else is as deployed; `change` is for
    time-outs that nobody wants to wait for."""
    directory.mkdir(exist_ok=True)
    port = ports.free()
    log = directory / "access.log"
    certificate, key = _certificate(directory)
    site = change((ROOT / "deploy/nginx/recovery.conf").read_text())
    for deployed, here in (
        ("listen 8443 ssl;", f"listen {ports.HOST}:{port} ssl;"),
        ("http://web:8000", f"http://{ports.HOST}:{upstream}"),
        ("/run/secrets/tls_certificate", str(certificate)),
        ("/run/secrets/tls_key", str(key)),
        ("/dev/stdout", str(log)),
    ):
        assert deployed in site
        site = site.replace(deployed, here)
    (directory / "site.conf").write_text(site)
    (directory / "nginx.conf").write_text(_around(directory))
    command = [str(NGINX), "-c", f"{directory}/nginx.conf", "-e", f"{directory}/error.log"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as nginx:
        try:
            wait_until(lambda: not ports.is_free(port))
            yield Proxy(port, certificate, log)
        finally:
            nginx.terminate()


def _around(directory: Path) -> str:
    """What the image has around the site, with places of the test's own."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in kinds)
    return (
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        f"daemon off; pid {directory}/pid; error_log {directory}/error.log;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ {places} include {directory}/site.conf; }}\n"
    )


def _certificate(directory: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = directory / "certificate.pem", directory / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, secret


def waits(seconds: int) -> Callable[[str], str]:
    """For `change`: the proxy waits for a client no longer than this."""

    def shorter(site: str) -> str:
        changed, times = re.subn(r"(client_(?:header|body)_timeout) \d+s", rf"\1 {seconds}s", site)
        assert times == 2
        return changed

    return shorter
