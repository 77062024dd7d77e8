"""Two documents, the same for everybody: the page, and the worker that lets it open without a network."""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.generic import TemplateView

from recovery.clinical import protocol as protocols

HERE = Path(__file__).parent
PARTS = (HERE / "static", HERE / "templates")


@cache
def files() -> tuple[str, ...]:
    """What the page is made of, as named to `static`."""
    root = HERE / "static"
    return tuple(sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()))


@cache
def version() -> str:
    """Changes with every byte of the page, so that phones fetch a new one as a whole or not at all."""
    paths = sorted(path for part in PARTS for path in part.rglob("*") if path.is_file())
    parts = [*(path.read_bytes() for path in paths), *(text.encode() for text in call_now_if())]
    return sha256(b"\0".join(parts)).hexdigest()[:12]


def call_now_if() -> tuple[str, ...]:
    """When to call for help, for whoever is not signed in: by then the service says it for the patient's protocol."""
    return tuple(protocols.get().call_now_if.values())


@method_decorator(cache_control(no_cache=True), name="dispatch")
class Page(TemplateView):
    template_name = "phone/page.html"
    extra_context = {"version": version, "call_now_if": call_now_if}


@method_decorator(cache_control(no_cache=True), name="dispatch")
class Worker(TemplateView):
    template_name = "phone/worker.js"
    content_type = "text/javascript"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Modules import each other by their plain names, the page names them as `static` does.
        addresses = {static(name) for name in files()} | {
            static("phone/").rstrip("/") + name[5:] for name in files()
        }
        page = reverse("phone:page")
        return super().get_context_data(
            version=version(),
            page=json.dumps(page),
            addresses=json.dumps(sorted({page, *addresses})),
            **kwargs,
        )

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        response.headers["Service-Worker-Allowed"] = reverse("phone:page")
        return response
