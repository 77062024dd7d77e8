"""Webhooks lead to the internet and nowhere else (S39): by the address that is connected to, whatever its name."""

import errno
import socket
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from recovery.notifications.channels import Permanent, Temporary, reach, wire
from recovery.notifications.channels.webhook import Webhook
from services import ports
from tests.provider import Provider
from tests.waiting import wait_until

INSIDE = [
    "127.0.0.1", "127.8.9.10", "::1", "0.0.0.0", "::", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::1", "2001:db8::1",
]  # fmt: skip
OUTSIDE = ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"]


@pytest.fixture
def line() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.close()


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_may_not_be_reached(address: str):
    assert not reach.may_reach(address, secure=True)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_internet_may_be_reached_over_tls_alone(address: str):
    assert reach.may_reach(address, secure=True)
    assert not reach.may_reach(address, secure=False)


def test_what_is_named_may_be_reached_and_nothing_beside_it(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("10.20.0.0/16"), ip_network("fd12::/64")]

    assert reach.may_reach("10.20.3.4", secure=False)
    assert reach.may_reach("::ffff:10.20.3.4", secure=False)
    assert reach.may_reach("fd12::1", secure=False)
    assert not any(
        reach.may_reach(address, secure=True) for address in ("10.21.0.1", "127.0.0.1", "fd12:1::1")
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "javascript:1",
        "//example.org/", "example.org", "", "https://", "https:///path", "https://example.org:22/",
        "https://example.org:25/", "https://example.org:0/", "https://example.org:99999/", "https://example.org:x/",
        "https://ben@example.org/", "https://ben:pw@example.org/", "https://good.example@127.0.0.1/",
        "https://example.org\\@127.0.0.1/", "https://example.org/\r\nX: y", "https://example.org/a b",
        "https://exa mple.org/", "https://example.org/#part", "https://[::1/",
        "https://exämple.org/",
        "https://example.org/\x00",
    ],
)  # fmt: skip
def test_what_is_no_plain_https_address_is_refused(url: str):
    with pytest.raises(Permanent):
        reach.target_of(url)


def test_the_parts_of_an_address():
    target = reach.target_of("https://Hooks.Example.org:8443/a/b?c=d&e")

    assert (target.host, target.port, target.path) == ("hooks.example.org", 8443, "/a/b?c=d&e")
    assert target.line == "webhook hooks.example.org:8443"
    assert reach.target_of("https://example.org").line == "webhook example.org:443"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_no_way_of_writing_it_leads_inside(host: str, both: Provider, line: Webhook, settings, monkeypatch):
    """Each is resolved by the system, and refused by what it is resolved to."""
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    answers_as = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *args, **kw: _as_the_system_does(answers_as, *args, **kw)
    )

    with pytest.raises(Permanent, match="address-inside"):
        line.open(f"https://{host}:{both.web.port}/")
    assert both.web.connections == 0


def _as_the_system_does(original, host, *args, **options):
    """Past the guard of the tests, which refuses names that it does not know."""
    if ":" in host:
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (host, 443, 0, 0))]
    return original(
        "localhost" if host == "localhost" else socket.inet_ntoa(socket.inet_aton(host)), *args, **options
    )


def test_a_name_that_comes_to_mean_something_inside_is_refused_when_it_is_connected_to(
    both: Provider, line: Webhook, settings, monkeypatch
):
    """It was an address of the internet when it was looked up first: what counts is the look-up that is used."""
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    meant = iter(["93.184.215.14", ports.HOST])

    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(meant), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert reach.may_reach(socket.getaddrinfo("rebound.example", 443)[0][4][0], secure=True)
    with pytest.raises(Permanent, match="address-inside"):
        line.open(f"https://rebound.example:{both.web.port}/")
    assert both.web.connections == 0


def test_of_several_addresses_those_inside_are_passed_over(both: Provider, line: Webhook, monkeypatch):
    def resolve(host, port, **_):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.9", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ports.HOST, port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    line.open(f"http://two.example:{both.web.port}/")
    wait_until(lambda: both.web.connections == 1)


@pytest.mark.parametrize("order", [1, -1])
def test_an_address_that_may_be_reached_but_does_not_answer_is_tried_again_whatever_stands_beside_it(
    order: int, both: Provider, line: Webhook, monkeypatch
):
    def resolve(host, port, **_):
        addresses = [("127.0.0.9", port), (ports.HOST, ports.free())][::order]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Temporary, match="ConnectionRefusedError"):
        line.open(f"http://two.example:{both.web.port}/")


def test_a_firewall_of_our_own_that_says_no_is_tried_again(both: Provider, line: Webhook, monkeypatch):
    """The system then answers as it does to what is not permitted."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(wire.Wire, "connect", refuse)
    with pytest.raises(Temporary, match="PermissionError"):
        line.open(both.web.url())
