from typing import Any, ClassVar, cast

from django.http import HttpRequest, HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from recovery import access, asking, audit, clock, sessions
from recovery.access import Shared
from recovery.api.documents import Complaint, Document
from recovery.api.parsing import below
from recovery.api.problems import Problem, request_id_of
from recovery.models import DeviceToken, User


class JsonView(APIView):
    """A door that speaks JSON whatever the caller would like to accept, and knows all its query parameters."""

    http_method_names = ["get", "head", "post", "put", "delete"]
    parameters: ClassVar[frozenset[str]] = frozenset()
    """The query parameters of GET. Any other is refused: a misspelt filter must not look like one that was applied."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        return JSONRenderer(), JSONRenderer.media_type

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.META.get("QUERY_STRING") and request.method in self.allowed_methods:
            self.check_parameters(request)

    def check_parameters(self, request: Request) -> None:
        known = self.parameters if request.method in {"GET", "HEAD"} else frozenset()
        for code, names in {
            "unknown_parameter": set(request.GET) - known,
            "bad_parameter": {name for name, values in request.GET.lists() if len(values) > 1},
        }.items():
            if names:
                raise Problem(code, [_complaint(name, code) for name in sorted(names)[:10]])

    @property
    def wire(self) -> HttpRequest:
        """The request underneath, for reading the body."""
        return self.request._request

    @property
    def request_id(self) -> str:
        return request_id_of(self.request)


class PhoneView(JsonView):
    """A door for a signed-in phone. Caregivers' phones come in only where it says so."""

    shared: ClassVar[Shared] = Shared.NOT

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not access.is_shared_with(self.device, self.shared):
            raise Problem("not_shared")

    @property
    def device(self) -> DeviceToken:
        return cast(DeviceToken, self.request.auth)  # IsPhone has seen to it

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What the phone was shown or refused is remembered; what it did, by the deed itself."""
        response = super().dispatch(request, *args, **kwargs)
        status = response.status_code
        device = vars(self.request).get("_auth")  # as it was found out; asked for it would try once more
        if isinstance(device, DeviceToken) and status < 500 and not asking.now().deeds:
            page = request.resolver_match
            audit.record_look(
                page=f"phone {page.url_name if page else ''}",
                now=clock.now(),
                device=device,
                of=kwargs,
                status=status,
            )
        return response


class StaffView(JsonView):
    """A door for staff who have signed in with a browser, to read. A phone's token says nothing here."""

    http_method_names = ["get", "head"]
    authentication_classes = ()
    permission_classes = ()

    user: User

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """A program that asks every minute keeps nobody signed in (recovery/dashboard/middleware.py)."""
        view: Any = super().as_view(**initkwargs)
        view.is_background = True
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What somebody was shown or refused is remembered, as on a page that asks by itself."""
        who = request.user  # before the framework forgets it, for it asks phones only
        response = super().dispatch(request, *args, **kwargs)
        if response.status_code < 500 and who.is_authenticated:
            match = request.resolver_match
            audit.record_look(
                page=f"api {match.url_name if match else ''}",
                now=clock.now(),
                user=who,
                of=kwargs,
                status=response.status_code,
                by_itself=True,
            )
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        signed_in = self.wire.user
        if not signed_in.is_authenticated or not sessions.is_whole(self.wire.session):
            raise Problem("staff_only")
        self.user = signed_in
        super().initial(request, *args, **kwargs)


class OpenView(JsonView):
    """A door for anybody. Neither a token nor a cookie is looked at."""

    authentication_classes = ()
    permission_classes = ()


def answer(document: Document, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    media_type = "application/problem+json" if status >= 400 else "application/json"
    return HttpResponse(document.json_bytes(), status=status, content_type=media_type, headers=headers)


def _complaint(name: str, code: str) -> Complaint:
    detail = "There is no such parameter here." if code == "unknown_parameter" else "Send it once."
    return Complaint(place=below("query", name), code=code, detail=detail)
