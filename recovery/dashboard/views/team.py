"""Who works in the team: an administrator invites, changes roles, ends memberships. Each asks for the password."""

import logging
from collections.abc import Callable
from functools import wraps
from smtplib import SMTPException
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from recovery import clock, staff
from recovery.dashboard.accounts import tell
from recovery.dashboard.door import StaffRequest, said_who_lately, staff_page
from recovery.dashboard.forms.team import InviteForm, RoleForm
from recovery.dashboard.screens import team as screen
from recovery.models import Invitation

log = logging.getLogger(__name__)


def administrator_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Of a team that somebody else administers nothing is there, before anything is asked."""

    @wraps(view)
    def door(request: StaffRequest, team_id: UUID, **what: Any) -> HttpResponse:
        staff.administered(request.user).get(uuid=team_id)
        return view(request, team_id=team_id, **what)

    return door


@staff_page
@require_safe
def team_page(request: StaffRequest) -> HttpResponse:
    """One team's people. Which team stands in the address."""
    return _page(request, request.GET.get("team"))


@staff_page
@require_POST
@administrator_page
@said_who_lately
def invite(request: StaffRequest, team_id: UUID) -> HttpResponse:
    form = InviteForm(request.POST, auto_id="invite-%s")
    if not form.is_valid():
        return _page(request, str(team_id), form=form, status=422)
    return _tried(request, team_id, _invited, form=form, **form.cleaned_data)


@staff_page
@require_POST
@administrator_page
@said_who_lately
def change_role(request: StaffRequest, team_id: UUID, user_id: UUID) -> HttpResponse:
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, str(team_id), refusal="Choose a role from the list.", status=422)
    return _tried(request, team_id, _changed, user_id=user_id, role=form.cleaned_data["role"])


def _invited(request: StaffRequest, **what: Any) -> str:
    return _mailed(request, *staff.invite(**what))


def _withdrawn(request: StaffRequest, **what: Any) -> str:
    staff.withdraw(**what)
    return "The invitation is withdrawn. Its link does not work any more."


def _changed(request: StaffRequest, **what: Any) -> str:
    member = staff.change_role(**what)
    tell(request, member.user, "Your role was changed by an administrator.")
    return f"{member.user.name} is {member.get_role_display().lower()} from now on."


def _ended(request: StaffRequest, **what: Any) -> str:
    staff.end_membership(**what)
    return (
        "They belong to the team no more, and what was open of invitations to them or by them is withdrawn. "
        "Look into the rota: their turns are nobody's now."
    )


def _ended_auditor(request: StaffRequest, **what: Any) -> str:
    staff.end_auditor(**what)
    return "They audit this clinic no more."


def _renewed(request: StaffRequest, **what: Any) -> str:
    return _mailed(request, *staff.renew(**what))


def _mailed(request: StaffRequest, invitation: Invitation, token: str) -> str:
    """Sent once the invitation is stored: one that did not go out is sent again by inviting again."""
    link = settings.BASE_URL + reverse("account_invitation", args=[token])
    text = render_to_string(
        "account/email/invitation_message.txt", {"link": link, "renews": invitation.renews}
    )
    subject = render_to_string("account/email/invitation_subject.txt").strip()
    try:
        EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [invitation.email]).send()
    except (SMTPException, OSError) as error:
        log.warning("an invitation could not be mailed: %s", type(error).__name__)
        raise staff.StaffRefused("The mail could not be sent now. Invite again in a few minutes.") from None
    return f"An invitation is on its way to {invitation.email}. It works for 72 hours."


def _tried(
    request: StaffRequest,
    team_id: UUID,
    operation: Callable[..., str],
    *,
    form: InviteForm | None = None,
    **what: Any,
) -> HttpResponse:
    try:
        said = operation(request, team_id=team_id, by=request.user, now=clock.now(), **what)
    except staff.StaffRefused as refused:
        return _page(request, str(team_id), form=form, refusal=refused.message, status=409)
    messages.success(request, said)
    if not staff.administered(request.user).filter(uuid=team_id).exists():  # of themselves
        return HttpResponseRedirect(reverse("dashboard:security"), status=303)
    return HttpResponseRedirect(f"{reverse('dashboard:team')}?team={team_id}", status=303)


def _pressed(operation: Callable[..., str]) -> Callable[..., HttpResponse]:
    """A deed that needs no more than whom, or which, it is about: that stands in the address."""

    @staff_page
    @require_POST
    @administrator_page
    @said_who_lately
    def press(request: StaffRequest, team_id: UUID, **of: Any) -> HttpResponse:
        return _tried(request, team_id, operation, **of)

    return press


withdraw = _pressed(_withdrawn)
end = _pressed(_ended)
end_auditor = _pressed(_ended_auditor)
renew = _pressed(_renewed)


def _page(
    request: StaffRequest,
    chosen: str | None,
    *,
    form: InviteForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    page = screen.show(request.user, chosen, clock.now())
    if page is None:
        raise Http404
    context = {"page": page, "form": form or InviteForm(auto_id="invite-%s"), "refusal": refusal}
    return render(request, "dashboard/pages/team.html", context, status=status)
