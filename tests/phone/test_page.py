"""The two documents that the page is made of, as they are served."""

import json
import re

import pytest
from django.test import Client

from recovery.clinical import protocol as protocols
from recovery.phone import views


@pytest.fixture
def page() -> str:
    return Client().get("/phone").content.decode()


def test_the_page_holds_no_script_and_no_style_of_its_own(page: str) -> None:
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert "<style" not in page
    assert re.search(r"\s(style|on\w+)=", page) is None


def test_without_a_protocol_and_without_javascript_the_page_says_when_to_call(page: str) -> None:
    lines = re.findall(r"<li>(.*?)</li>", page)

    assert lines == list(protocols.get().call_now_if.values())


def test_the_card_stands_in_no_script() -> None:
    """What the protocol says is the protocol's alone: another procedure has other words."""
    modules = " ".join(path.read_text() for path in views.HERE.rglob("*.js"))

    assert [text for text in protocols.get().call_now_if.values() if text in modules] == []


def test_the_page_sets_no_cookie_and_is_asked_for_anew() -> None:
    response = Client().get("/phone")

    assert not response.cookies
    assert response.headers["Cache-Control"] == "no-cache"
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_the_worker_keeps_every_file_of_the_page_and_nothing_else(page: str) -> None:
    response = Client().get("/phone/worker.js")
    worker = response.content.decode()
    (addresses,) = re.findall(r"const ADDRESSES = (\[.*?\]);", worker)

    kept = set(json.loads(addresses))
    assert kept == {"/phone"} | {f"/static/{name}" for name in views.files()}
    assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) <= kept
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert response.headers["Service-Worker-Allowed"] == "/phone"


def test_every_module_that_is_imported_is_there() -> None:
    root = views.HERE / "static" / "phone" / "js"
    for module in root.glob("*.js"):
        for name in re.findall(r'from "\./([\w.]+)"', module.read_text()):
            assert (root / name).is_file(), f"{module.name} imports {name}"


def test_the_version_changes_with_the_page(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.js").write_text("1")
    monkeypatch.setattr(views, "PARTS", (tmp_path,))
    before = views.version.__wrapped__()
    (tmp_path / "a.js").write_text("2")

    assert views.version.__wrapped__() != before
