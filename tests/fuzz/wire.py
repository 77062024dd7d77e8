"""Requests as they go over the wire, whatever stands in them."""

import http.client
from dataclasses import dataclass, field
from urllib.parse import unquote_plus, urlsplit

from tests.fuzz.answers import Answer


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    """With its query, percent-encoded."""

    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    source: str = "127.0.0.1"
    """The address it comes from: tries at signing in are limited for each."""


def send(url: str, request: Request, signed_in: dict[str, str]) -> Answer:
    """Waits ten seconds at most."""
    address = urlsplit(url)
    wire = http.client.HTTPConnection(
        str(address.hostname), address.port, timeout=60, source_address=(request.source, 0)
    )
    try:
        headers = request.headers | signed_in
        if "Cookie" in signed_in and "Cookie" in request.headers:
            headers["Cookie"] = f"{signed_in['Cookie']}; {request.headers['Cookie']}"
        wire.request(request.method, request.path, request.body or None, headers)
        answer = wire.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        sent = unquote_plus(f"{request.path} {request.body.decode(errors='replace')}")
        return Answer(request.method, request.path, answer.status, names, answer.read(), sent)
    finally:
        wire.close()
