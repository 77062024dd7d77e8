"""Requests for everything that has an address: each route of the resolver, any method, and whatever can be typed, sent
or left out. Half of them send a form of the pages with a field or two changed, and so get past the first check."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import strategies as st

from tests.fuzz.forms import Form
from tests.fuzz.wire import Request

METHODS = ("POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
CSRF = "c" * 32
"""Cookie and header at once, as Django compares them."""

PLACE = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
HOSTILE = [
    "", " ", "\0", "\x7f", "\ud800", "\u202e\u0645", "\U0001f9e0", "%", "%00", "..", "../../etc/passwd", "\r\nX: y",
    "-1", "0", "9" * 400, "1e999", "NaN", "null", "[]", "{}", "__proto__", "{{7*7}}", "${7*7}", "a" * 5_000,
    "'; DROP TABLE recovery_alert; --", "<script>alert(1)</script>", "javascript:alert(1)", "//example.org",
]  # fmt: skip
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
TYPES = [
    FORM,
    "application/json",
    MULTIPART,
    f"{MULTIPART}; boundary=x",
    "text/plain; charset=utf-7",
    "",
    "x" * 300,
]
RAW = [
    b"[" * 20_000,
    b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n\xff\0\r\n--x--',
    b"\xff\xfe\0",
]

texts = st.sampled_from(HOSTILE) | st.text(max_size=30) | st.uuids().map(str)
headers_ = st.fixed_dictionaries(
    {},
    optional={
        "HX-Request": st.just("true"),
        "HX-Current-URL": st.sampled_from(["http://[", "/", "\xff"]),
        "If-None-Match": st.sampled_from(['"x"', "*", 'W/"', "," * 500]),
        "Accept": st.sampled_from(["application/json", "*/*;q=x", ""]),
        "Range": st.just("bytes=0-1,5-"),
        "X-Forwarded-For": st.sampled_from(["192.0.2.1", "not an address", "," * 50]),
        "X-HTTP-Method-Override": st.just("DELETE"),
        "Authorization": st.sampled_from(["Bearer ", "Basic !", "Bearer \xe9"]),
    },
)


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """Every route there is, as it is written."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        here = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            yield here


ROUTES = sorted(set(routes()))


def path(route: str, *values: str) -> str:
    """Of a route, with a value for each place in it; the last one for all that are left."""
    given = list(reversed(values))
    return "/" + PLACE.sub(lambda _: _quoted(given.pop() if len(given) > 1 else given[0]), route)


@st.composite
def requests(draw: st.DrawFn, routes: list[str], ids: list[str], forms: list[Form]) -> Request:
    """`ids` are those of objects, one's own and others'."""
    form = draw(st.sampled_from(forms))
    headers = dict(draw(headers_))
    source = f"127.{draw(st.integers(0, 255))}.{draw(st.integers(0, 255))}.9"
    if draw(st.booleans()):
        method, address, sent = form.method, form.action, _typed(draw, form)
    else:
        method = draw(st.sampled_from(METHODS))
        values = draw(st.lists(st.sampled_from(ids) | texts, min_size=2, max_size=2))
        address = path(draw(st.sampled_from(routes)), *values)
        sent = draw(
            st.lists(st.tuples(st.sampled_from(sorted(form.fields) or ["x"]) | texts, texts), max_size=4)
        )
    if method in {"GET", "HEAD"}:
        return Request(method, _with_query(draw, address, sent), b"", headers, source)
    body, headers["Content-Type"] = draw(
        st.just((_written(sent), FORM)) | st.tuples(_bodies(sent), st.sampled_from(TYPES))
    )
    if draw(st.integers(0, 9)):
        headers |= {"X-CSRFToken": CSRF, "Cookie": f"csrftoken={CSRF}"}
    return Request(method, _with_query(draw, address, sent[:1]), body, headers, source)


def _typed(draw: st.DrawFn, form: Form) -> list[tuple[str, str]]:
    """All fields with values that are offered or may be typed, up to two of them replaced by something else."""
    sent = {name: draw(st.sampled_from(values or ["A few words."])) for name, values in form.fields.items()}
    for name in draw(st.lists(st.sampled_from(sorted(sent) or ["x"]), max_size=2)):
        sent[name] = draw(texts)
    return list(sent.items())


def _with_query(draw: st.DrawFn, address: str, pairs: list[tuple[str, str]]) -> str:
    raw = st.binary(max_size=40).map(lambda raw: quote(raw, safe="&=+%;[]"))
    query = draw(st.just("") | st.just(_written(pairs).decode()) | raw)
    return f"{address}?{query}" if query else address


def _bodies(pairs: list[tuple[str, str]]) -> st.SearchStrategy[bytes]:
    as_json = st.just(json.dumps(dict(pairs)).encode())
    return st.just(_written(pairs)) | as_json | st.binary(max_size=200) | st.sampled_from(RAW)


def _written(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs, errors="surrogatepass").encode()


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
