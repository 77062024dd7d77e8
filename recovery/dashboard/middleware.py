from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def refusals_are_kept_by_nobody(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Of an error no browser keeps a copy, whoever answered it: what is not there today may be somebody's tomorrow."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        return response

    return answer
