"""Where a webhook may go: to the internet, over TLS. Whatever lies inside the network is refused when the connection is
made, by the very address that is connected to, so that no name, redirect or change of a name leads there."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from recovery.notifications.channels import Permanent

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

INTERNET_6 = ipaddress.ip_network("2000::/3")
NOT_THE_INTERNET: tuple[Network, ...] = (
    ipaddress.ip_network("192.0.0.0/24"),  # of protocols, and of one cloud's own services
    ipaddress.ip_network("168.63.129.16/32"),  # of another's, on an address like any other
    ipaddress.ip_network("2001::/23"),  # of protocols: carries IPv4 addresses, too
    ipaddress.ip_network("2001:db8::/32"),
    ipaddress.ip_network("2002::/16"),  # carries IPv4 addresses
    ipaddress.ip_network("3fff::/20"),
)
"""Beside what Python knows to be private, link-local, multicast or reserved."""

LOWEST_PORT = 1_024
"""Below it only the web's own ports: nothing that a mail or shell server would take for a command."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be posted to, in parts. `host` is as a certificate names it."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def line(self) -> str:
        return f"webhook {self.host}:{self.port}"


def target_of(url: str) -> Target:
    """Raises Permanent for anything but a plain https address; http is for WEBHOOK_ALLOWED_NETWORKS alone."""
    try:
        parts = urlsplit(url)
        usual = {"http": 80, "https": 443}[parts.scheme]
        port = usual if parts.port is None else parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (KeyError, ValueError):
        raise Permanent("address") from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and not parts.fragment
    if not plain or not host or parts.username is not None or parts.password is not None:
        raise Permanent("address")
    if port < LOWEST_PORT and port not in {80, 443}:
        raise Permanent("port")
    if parts.scheme == "http" and not settings.WEBHOOK_ALLOWED_NETWORKS:
        raise Permanent("not-https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure=parts.scheme == "https", host=host, port=port, path=path)


def may_reach(address: str, *, secure: bool) -> bool:
    """Whether this numeric address may be connected to."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if any(ip in network for network in settings.WEBHOOK_ALLOWED_NETWORKS):
        return True
    is_internet = ip.is_global and not ip.is_multicast and not ip.is_reserved
    if ip.version == 6:
        is_internet &= ip in INTERNET_6
    return secure and is_internet and not any(ip in network for network in NOT_THE_INTERNET)
