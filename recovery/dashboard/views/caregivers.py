"""Who may answer for a patient: written down from what the patient said, changed, and ended. The code for a caregiver's
phone comes on a sheet of its own, and is known only while that is printed."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from recovery import caregivers as operations
from recovery import clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.care import CareForm, ReasonForm
from recovery.dashboard.forms.caregivers import CaregiverForm, ScopeForm
from recovery.dashboard.screens import caregivers as screen
from recovery.dashboard.screens import enrol, pulse
from recovery.dashboard.views.care import care_page
from recovery.errors import Refused
from recovery.models import Caregiver

THIS_PERSON = "This person"
"""In the words to be read out, before a name was typed."""


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def caregivers(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    shown = screen.show(request.user, episode_id, clock.now())
    if request.method != "POST":
        return _page(request, shown)
    form = CaregiverForm(request.POST, auto_id="helper-%s")
    if not form.is_valid():
        return _page(request, shown, form, status=422)
    try:
        caregiver, code = operations.grant_by_staff(
            episode_id=episode_id, wish=form.wish(), by=request.user, now=clock.now()
        )
    except operations.CaregiverRefused as refusal:
        shown = screen.show(request.user, episode_id, clock.now())
        return _page(request, shown, form, refusal=refusal.message, status=409)
    return _sheet(request, episode_id, caregiver, code)


@staff_page
@require_POST
def new_code(request: StaffRequest, episode_id: UUID, caregiver_id: UUID) -> HttpResponse:
    try:
        caregiver, code = operations.new_code_by_staff(
            episode_id=episode_id, caregiver_id=caregiver_id, by=request.user, now=clock.now()
        )
    except Refused as refusal:
        shown = screen.show(request.user, episode_id, clock.now())
        return _page(request, shown, refusal=refusal.message, status=409)
    return _sheet(request, episode_id, caregiver, code)


@staff_page
@require_POST
def change_scope(request: StaffRequest, episode_id: UUID, caregiver_id: UUID) -> HttpResponse:
    form = ScopeForm(request.POST, auto_id=f"scope-{caregiver_id}-%s")
    return _change(request, episode_id, caregiver_id, form, operations.change_scope_by_staff, "is changed")


@staff_page
@require_POST
def end(request: StaffRequest, episode_id: UUID, caregiver_id: UUID) -> HttpResponse:
    form = ReasonForm(request.POST, auto_id=f"end-{caregiver_id}-%s")
    return _change(request, episode_id, caregiver_id, form, operations.revoke_by_staff, "has ended")


def _change(
    request: StaffRequest,
    episode_id: UUID,
    caregiver_id: UUID,
    form: CareForm,
    operation: Callable[..., object],
    done: str,
) -> HttpResponse:
    shown = screen.show(request.user, episode_id, clock.now())
    helper = shown.named(caregiver_id)
    if helper is None:
        raise Caregiver.DoesNotExist
    if not form.is_valid():
        return _page(request, shown, form, caregiver_id, status=422)
    try:
        operation(
            episode_id=episode_id,
            caregiver_id=caregiver_id,
            by=request.user,
            now=clock.now(),
            **form.cleaned_data,
        )
    except Refused as refusal:
        shown = screen.show(request.user, episode_id, clock.now())
        return _page(request, shown, form, caregiver_id, refusal=refusal.message, status=409)
    messages.success(request, f"The consent for {helper.name} {done}.")
    return HttpResponseRedirect(reverse("dashboard:care-caregivers", args=[episode_id]), status=303)


def _page(
    request: StaffRequest,
    shown: screen.Helpers,
    form: CareForm | None = None,
    caregiver_id: UUID | None = None,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """`form` is what was typed, about the caregiver named or somebody new."""
    rows = [
        (
            helper,
            _typed(form, ScopeForm, helper, caregiver_id)
            or ScopeForm(initial={"scope": helper.scope}, auto_id=f"scope-{helper.id}-%s"),
            _typed(form, ReasonForm, helper, caregiver_id) or ReasonForm(auto_id=f"end-{helper.id}-%s"),
        )
        for helper in shown.standing
    ]
    new = (
        form if isinstance(form, CaregiverForm) else CaregiverForm(initial=_known(shown), auto_id="helper-%s")
    )
    is_open = not shown.care.has_ended and not shown.is_full
    offered = is_open if isinstance(form, CaregiverForm) else any(h.id == caregiver_id for h, _, _ in rows)
    return care_page(
        request,
        "care_caregivers",
        shown.care,
        title="Caregivers",
        form=form,
        offered=offered,
        refusal=refusal,
        status=status,
        shown=shown,
        rows=rows,
        new=new if is_open else None,
        agreements=[
            (what, operations.agreement(scope, THIS_PERSON))
            for scope, what in (
                (Caregiver.Scope.REPORT, "Send check-ins"),
                (Caregiver.Scope.READ, "Send check-ins and read the patient’s"),
            )
        ],
    )


def _typed(
    form: CareForm | None, kind: type[CareForm], helper: screen.Helper, caregiver_id: UUID | None
) -> CareForm | None:
    return form if isinstance(form, kind) and helper.id == caregiver_id else None


def _known(shown: screen.Helpers) -> dict[str, str]:
    """Whom the team phones about the patient is likely to be who helps: the name and number need no typing again."""
    patient = shown.care.episode.patient
    if shown.all:
        return {}
    return {"name": patient.caregiver_name, "phone": patient.caregiver_phone}


def _sheet(request: StaffRequest, episode_id: UUID, caregiver: Caregiver, code: str) -> HttpResponse:
    now = clock.now()
    context = {
        "outline": pulse.outline(request.user, now),
        "sheets": [enrol.sheet_of(request.user, episode_id, code, now, helper=caregiver.name)],
        "back": episode_id,
        "helper": caregiver.name,
        "tab": "patients",
    }
    return render(request, "dashboard/pages/enrol_sheet.html", context)
