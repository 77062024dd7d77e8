"""The first page of an auditor: who did what and who looked at what in their clinic. Nothing of it leads to a patient.
Whoever operates the service reads here what is of no clinic: tries of whom nobody knows, and what operators did.

What an auditor reads is remembered before it is shown, and not shown where that fails: nobody's health waits for it.
"""

import csv
import re
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recovery import audit, clock
from recovery.audit import reading
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.audit import AuditForm, key_of
from recovery.dashboard.screens.figures_sheet import BYTE_ORDER_MARK, safe
from recovery.models import Clinic

_CURSOR = re.compile(r"([0-9]{15,16})_([0-9]{1,18})")
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@staff_page
@require_safe
def audit_page(request: StaffRequest) -> HttpResponse:
    clinic, zone, form = _asked(request)
    name = clinic.name if clinic else "the service"
    shown: dict[str, object] = {"form": form, "name": name, "zone": zone.key, "chain": reading.chain()}
    shown |= {"is_of_clinic": clinic is not None, "is_operator": reading.is_operator(request.user)}
    if not form.is_valid():
        return render(request, "dashboard/pages/audit.html", shown, status=422)
    _remember("read audit", request, clinic, form)
    found = list(reading.events(clinic, _filters(form, zone), before=_place(request))[: reading.PAGE + 1])
    shown["rows"] = rows = found[: reading.PAGE]
    shown["query"] = query = _query(form)
    if len(found) > reading.PAGE:
        last = rows[-1]
        shown["earlier"] = f"{query}&cursor={(last.at - _EPOCH) // _MICROSECOND}_{last.pk}"
    shown["is_later"] = "cursor" in request.GET
    return render(request, "dashboard/pages/audit.html", shown)


@staff_page
@require_safe
def audit_csv(request: StaffRequest) -> HttpResponse:
    """The same as a file: the newest 20,000 of what fits. What the form would refuse is not there."""
    clinic, zone, form = _asked(request)
    if not form.is_valid():
        raise Http404
    _remember("exported audit", request, clinic, form)
    text = StringIO()
    text.write(BYTE_ORDER_MARK)
    written = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    written.writerow(reading.COLUMNS)
    for line in reading.lines(reading.events(clinic, _filters(form, zone))):
        written.writerow([safe(cell) for cell in line])
    name = f"audit-{form.cleaned_data['first']}-{form.cleaned_data['last']}.csv"
    return HttpResponse(
        text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _asked(request: StaffRequest) -> tuple[Clinic | None, ZoneInfo, AuditForm]:
    """Raises Http404 for whoever audits nothing, or not this clinic."""
    realms = reading.realms_of(request.user)
    wanted = request.GET.get("clinic")
    found = [each for each in realms if not wanted or key_of(each) == wanted]
    if not found:
        raise Http404
    clinic = found[0]
    zone = ZoneInfo(clinic.time_zone if clinic else "UTC")
    form = AuditForm(
        request.GET.dict() | {"clinic": key_of(clinic)},
        realms=realms,
        people=reading.people_of(clinic),
        today=clock.now().astimezone(zone).date(),
    )
    return clinic, zone, form


def _remember(what: str, request: StaffRequest, clinic: Clinic | None, form: AuditForm) -> None:
    """With what was looked for: ids and days."""
    asked: dict[str, Any] = {
        name: str(value) for name, value in form.cleaned_data.items() if value and name != "clinic"
    }
    audit.record(what=what, now=clock.now(), clinic=clinic, user=request.user, subject=clinic, **asked)


def _filters(form: AuditForm, zone: ZoneInfo) -> reading.Filters:
    given = form.cleaned_data
    return reading.Filters(
        since=datetime.combine(given["first"], time.min, zone),
        until=datetime.combine(given["last"] + timedelta(days=1), time.min, zone),
        who=given["who"] or None,
        subject=given["object"],
        kind=given["kind"],
        request_id=given["request"],
    )


def _query(form: AuditForm) -> str:
    return urlencode({name: str(value) for name, value in form.cleaned_data.items() if value})


def _place(request: StaffRequest) -> tuple[datetime, int] | None:
    """A cursor that is none begins anew."""
    found = _CURSOR.fullmatch(request.GET.get("cursor", ""))
    return (_EPOCH + int(found[1]) * _MICROSECOND, int(found[2])) if found else None
