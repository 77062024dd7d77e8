"""What anybody meets who comes from outside: TLS, hosts, headers, and what is not there. Through the proxy."""

import json
import re
import socket
import ssl
import urllib.error
import urllib.request

import pytest

from services import ports
from tests.api.phones import CHECK_INS, check_in
from tests.faults.scene import Scene
from tests.security.production import CSRF_COOKIE, SESSION_COOKIE, Answer, Production, read
from tests.security.proxy import NAME, request, until_closed, with_nginx

pytestmark = [with_nginx, pytest.mark.slow]

ME = "GET /api/v1/me"
VERSIONS = ssl.TLSVersion


def signed(scene: Scene) -> str:
    return f"Authorization: Bearer {scene.tokens[0]}"


def session(scene: Scene) -> str:
    return f"Cookie: {SESSION_COOKIE}={scene.patients[0].team[0].session}"


# --- S25: started as it must be ---------------------------------------------------------------------------------------


def test_s25_production_has_no_warning_of_djangos(service: Production) -> None:
    service.system.manage("check", "--deploy", "--fail-level", "WARNING")


@pytest.mark.parametrize(
    "host", ["evil.example", "recovery.test.evil.example", "recovery.test@evil.example", ""]
)
@pytest.mark.parametrize("path", ["/api/v1/me", "/accounts/login/"])
def test_s25_another_host_is_refused(service: Production, host: str, path: str) -> None:
    assert service.ask(f"GET {path}", host=host).status == 400


# --- S26: on the wire -------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")  # which is why it is refused
@pytest.mark.parametrize(
    ("version", "is_spoken"), [(VERSIONS.TLSv1_1, False), (VERSIONS.TLSv1_2, True), (VERSIONS.TLSv1_3, True)]
)
def test_s26_tls_is_spoken_from_1_2_on(service: Production, version: VERSIONS, is_spoken: bool) -> None:
    context = service.proxy.tls()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that it is the proxy that refuses
    context.minimum_version = context.maximum_version = version
    with socket.create_connection((ports.HOST, service.proxy.port), timeout=20) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=NAME) as wire:
                spoken = wire.version()
        except (ssl.SSLError, ConnectionError):
            spoken = None

    assert bool(spoken) == is_spoken


def test_s26_a_call_over_plain_http_is_refused_and_not_redirected(service: Production, scene: Scene) -> None:
    with socket.create_connection((ports.HOST, service.proxy.port), timeout=20) as wire:
        wire.sendall(request(ME, signed(scene)))
        answer = read(until_closed(wire))

    assert (answer.status, answer.document["code"]) == (400, "plain_http")
    assert "location" not in answer.headers


@pytest.mark.parametrize("forwarded", [{}, {"X-Forwarded-Proto": "http"}])
def test_s26_the_service_refuses_it_by_itself_too(
    service: Production, scene: Scene, forwarded: dict[str, str]
) -> None:
    """Somebody reached it past the proxy."""
    asked = urllib.request.Request(
        f"{service.system.url}/api/v1/me", headers={"Authorization": f"Bearer {scene.tokens[0]}"} | forwarded
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=20)

    with refused.value as answer:
        assert (answer.code, json.loads(answer.read())["code"]) == (400, "plain_http")


@pytest.mark.parametrize(
    "path", ["/api/v1/me", "/accounts/login/", "/phone", "/static/dashboard/css/page.css"]
)
def test_s26_browsers_are_told_to_come_over_tls_alone(service: Production, path: str) -> None:
    told = service.ask(f"GET {path}").headers["strict-transport-security"]

    assert told == "max-age=31536000; includeSubDomains; preload"


# --- S27, S47: headers, and nothing kept ------------------------------------------------------------------------------


def asked_as_staff(service: Production, scene: Scene, path: str) -> Answer:
    answer = service.ask(f"GET {path}", session(scene))
    assert answer.status == 200
    return answer


@pytest.mark.parametrize("path", ["/", "/patients", "/handover", "/review", "/reports", "/figures", "/phone"])
def test_s27_every_page_says_what_a_browser_may_do_with_it(
    service: Production, scene: Scene, path: str
) -> None:
    headers = asked_as_staff(service, scene, path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))

    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/", "/board/list", "/patients", "/handover", "/review", "/reports", "/figures"]
)
def test_s47_no_cache_keeps_a_page_with_patients_in_it(service: Production, scene: Scene, path: str) -> None:
    assert "no-store" in asked_as_staff(service, scene, path).headers["cache-control"]


def test_s47_nobody_is_shown_what_was_asked_for_by_another(service: Production, scene: Scene) -> None:
    """Not even with the tag of the other's board."""
    first, second = scene.patients[0].team[0], service.scene().patients[0].team[0]
    cookie = f"Cookie: {SESSION_COOKIE}="
    tagged = service.ask("GET /board/list", cookie + first.session, "HX-Request: true").headers.get(
        "etag", '"x"'
    )

    answers = [
        service.ask("GET /board/list", "HX-Request: true", f"If-None-Match: {tagged}", *who)
        for who in ((), (cookie + second.session,))
    ]

    assert 304 not in [answer.status for answer in answers]


# --- S28, S30, S31: what is not there ---------------------------------------------------------------------------------

NOT_THERE = [
    *("/metrics", "/readyz", "/admin/", "/admin/login/", "/__debug__/", "/debug", "/silk/", "/flower/"),
    *("/.git/config", "/.env", "/static/", "/static/dashboard/", "/static/../config/settings.py", "/media/"),
    *(
        "/config/settings.py",
        "/server-status",
        "/nginx_status",
        "/phpinfo.php",
        "/backup.sql",
        "/problems/too_large",
    ),
]


@pytest.mark.parametrize("path", NOT_THERE)
def test_s28_what_is_for_those_who_run_it_is_not_there(service: Production, scene: Scene, path: str) -> None:
    """Also for staff who are signed in."""
    for who in ((), (session(scene),), (signed(scene),)):
        answer = service.ask(f"GET {path}", *who)
        assert answer.status == 404
        assert "Index of" not in answer.body.decode()


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/check-ins", "/api/v1/nothing"])
def test_s28_the_api_has_no_pages(service: Production, scene: Scene, path: str) -> None:
    answer = service.ask(f"GET {path}?", signed(scene), "Accept: text/html")

    assert "json" in answer.headers["content-type"]


@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/accounts/login/", "/static/dashboard/css/page.css"])
def test_s30_trace_is_not_answered(service: Production, path: str) -> None:
    answer = service.ask(f"TRACE {path}", "Cookie: marker=1")

    assert answer.status == 405
    assert "marker" not in answer.body.decode()


@pytest.mark.parametrize(
    "path", ["/api/v1/me", "/accounts/login/", "/nothing", "/static/dashboard/css/page.css"]
)
def test_s30_nobody_is_told_which_version_answers(service: Production, path: str) -> None:
    answer = service.ask(f"GET {path}")

    assert answer.headers["server"] == "nginx"
    assert not re.search(r"(?i)x-powered-by|x-runtime|granian|django/|python/", str(answer.headers))


# --- S29: other sites -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"https://{NAME}.evil.example"])
def test_s29_no_other_site_may_read_an_answer(service: Production, scene: Scene, origin: str) -> None:
    read_it = service.ask(ME, signed(scene), f"Origin: {origin}")
    asked_before = service.ask(
        f"OPTIONS {CHECK_INS}", f"Origin: {origin}", "Access-Control-Request-Method: POST"
    )

    assert not [
        name for answer in (read_it, asked_before) for name in answer.headers if "access-control" in name
    ]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_s29_no_other_site_may_act_in_somebodys_name(service: Production, scene: Scene, origin: str) -> None:
    body = b"csrfmiddlewaretoken=" + b"a" * 32
    answer = service.ask(
        "POST /accounts/logout/",
        session(scene) + f"; {CSRF_COOKIE}={'a' * 32}",
        f"Origin: {origin}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        body=body,
    )

    assert answer.status == 403
    asked_as_staff(service, scene, "/")  # still signed in


def test_s29_a_cookie_is_no_token(service: Production, scene: Scene) -> None:
    body = json.dumps(check_in()).encode()
    headers = (session(scene), "Content-Type: application/json", f"Content-Length: {len(body)}")

    assert service.ask(f"POST {CHECK_INS}", *headers, body=body).status == 401


# --- S17: cookies -----------------------------------------------------------------------------------------------------


def test_s17_cookies_leave_over_tls_alone_and_no_script_reads_them(service: Production) -> None:
    cookie = service.ask("GET /accounts/login/").headers["set-cookie"]

    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert cookie.startswith(f"{CSRF_COOKIE}=")  # a name that no other host and no plain connection may set
