from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from recovery import clock
from recovery.dashboard import drafts
from recovery.dashboard.door import StaffRequest, in_the_background, staff_page
from recovery.dashboard.forms.moves import (
    SEEN_LETTERS,
    AskForm,
    CloseForm,
    ContactForm,
    Move,
    NoiseForm,
    NoteForm,
)
from recovery.dashboard.screens import alert as screen
from recovery.dashboard.screens import alert_state as states
from recovery.dashboard.screens.told import telling_of


@staff_page
@require_safe
def alert(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    return whole_alert(request, alert_id)


@in_the_background
@staff_page
@require_safe
def alert_state(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    """Who has it by now, and who was told: an open page must not show for long what a colleague, or a provider, has
    changed. What was told is sent where it has changed alone, so that nobody reads in what is drawn again."""
    loaded, now = states.load(request.user, alert_id), clock.now()
    state = states.state(loaded, request.user, now)
    told = telling_of(loaded, state.clock)
    tag = f"{state.tag}-{told.tag}"
    known = [
        tag.removeprefix("W/").strip('"') for tag in parse_etags(request.headers.get("If-None-Match", ""))
    ]
    response: HttpResponse
    if tag in known:
        response = HttpResponseNotModified()
    else:
        seen = request.GET.get("seen", "")[:SEEN_LETTERS]
        news = states.news_since(seen, state) if seen else ""
        shown = {"state": state, "news": news, "told": told}
        shown["told_anew"] = all(each.rpartition("-")[2] != told.tag for each in known)
        response = render(request, "dashboard/fragments/alert_live.html", shown)
    response.headers["ETag"] = f'"{tag}"'
    response.headers["Data-As-Of"] = state.clock.as_of
    return response


def whole_alert(
    request: StaffRequest, alert_id: UUID, *, typed: Move | None = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The page, with what was typed kept in its form. A refused form that is no longer offered gives what was typed to
    the note form, which always is."""
    shown = screen.show(request.user, alert_id, clock.now())
    forms = _forms(shown)
    if typed is not None:
        name = next((name for name, form in forms.items() if isinstance(typed, type(form))), "")
        forms[name or "note"] = typed.seen_now(shown.state.seen) if name else _as_note(typed, shown.state)
    context = {
        "screen": shown,
        "forms": forms,
        "refusal": refusal,
        "typed": typed,
        "draft_key": drafts.key_of(request.user),
    }
    return render(request, "dashboard/pages/alert.html", context, status=status)


def _forms(shown: screen.Screen) -> dict[str, Move]:
    """The moves that are open to this person now, each with the state this page shows."""
    state = shown.state
    seen, row = {"seen": state.seen}, state.row
    forms: dict[str, Move] = {}
    if not state.ended:
        forms["contact"] = ContactForm(
            initial=seen,
            auto_id="contact-%s",
            zone=state.clock.zone,
            now=state.clock.now,
            others=[(other.id, screen.named(other.name, other.tier)) for other in shown.others],
        )
    if state.may_close:
        forms["close"] = CloseForm(initial=seen, auto_id="close-%s", tier=row.tier)
    forms["note"] = NoteForm(initial=seen, auto_id="note-%s")
    if shown.colleagues:
        forms["ask"] = AskForm(initial=seen, auto_id="ask-%s", colleagues=shown.colleagues)
    if row.may_take_on:
        forms["noise"] = NoiseForm(initial=seen, auto_id="noise-%s")
    return forms


def _as_note(typed: Move, state: states.State) -> NoteForm:
    return NoteForm(initial={"seen": state.seen, "note": typed.as_note()}, auto_id="note-%s")
