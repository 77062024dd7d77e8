"""Planning who is on call: a coordinator or an administrator of the team adds to the plan and takes from it.

Nothing is rewritten: what was planned once stays on record, ended. Whoever plans for a team holds its row, so of two
who plan the same hours at once one wins and the other is told who; the database would refuse what overlaps anyway.
"""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import Q

from recovery import access, audit
from recovery.local_time import clock_time
from recovery.models import CareTeam, Membership, RotaOverride, RotaShift, User
from recovery.models.rota import DAY_MIN
from recovery.rota.refusals import RotaRefused

MAY_PLAN = frozenset({Membership.Role.COORDINATOR, Membership.Role.ADMIN})
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST = timedelta(days=92)
FURTHEST = timedelta(days=366)
WEEK_MIN = 7 * DAY_MIN

Row = TypeVar("Row", RotaShift, RotaOverride)


@transaction.atomic
def plan_shifts(
    *,
    team_id: UUID,
    level: int,
    user_id: UUID,
    weekdays: Collection[int],
    begins: time,
    ends: time,
    by: User,
    now: datetime,
) -> list[RotaShift]:
    """Add a shift to the weekly pattern on each of these weekdays (0 is Monday), all of them or none. One that ends
    when it begins, or earlier, ends on the next day. Raises CareTeam.DoesNotExist for a stranger."""
    team = _held(team_id, by)
    begins_min, ends_min = (at.hour * 60 + at.minute for at in (begins, ends))
    lasts_min = (ends_min - begins_min) % DAY_MIN or DAY_MIN
    user = _member(team, user_id)
    planned = RotaShift.objects.filter(team=team, level=level, ended_at=None).select_related(
        "user", "created_by"
    )
    shifts = [
        RotaShift(
            clinic_id=team.clinic_id,
            team=team,
            level=level,
            user=user,
            weekday=weekday,
            begins_min=begins_min,
            lasts_min=lasts_min,
            created_at=now,
            created_by=by,
        )
        for weekday in sorted(set(weekdays))
    ]
    if not shifts:
        raise RotaRefused("Choose at least one day of the week.", field="weekdays")
    for one in shifts:
        for other in planned:
            if _share_a_minute(one, other):
                raise RotaRefused(_taken(other, in_words(other), team), field="weekdays")
    for shift in shifts:
        shift.save(force_insert=True)
        _record("planned shift", shift, team, by, now)
    return shifts


@transaction.atomic
def plan_override(
    *,
    team_id: UUID,
    level: int,
    user_id: UUID,
    from_at: datetime,
    until_at: datetime,
    by: User,
    now: datetime,
) -> RotaOverride:
    """Somebody is on call between two instants, whoever the weekly pattern names."""
    team = _held(team_id, by)
    user = _member(team, user_id)
    if until_at <= from_at:
        raise RotaRefused("The end lies before the beginning. Choose a later end.", field="until_time")
    if until_at <= now:
        raise RotaRefused("This is over already. Choose a later end.", field="until_time")
    if until_at - from_at > LONGEST:
        raise RotaRefused(
            f"This is longer than {LONGEST.days} days. Change the weekly pattern instead.", field="until_on"
        )
    if from_at > now + FURTHEST:
        raise RotaRefused("This begins more than a year from now. Check the year.", field="from_on")
    planned = RotaOverride.objects.filter(
        Q(from_at__lt=until_at) & Q(until_at__gt=from_at), team=team, level=level, ended_at=None
    )
    if other := planned.select_related("user", "created_by").order_by("from_at").first():
        raise RotaRefused(_taken(other, _between(other, team), team), field="from_on")
    override = RotaOverride.objects.create(
        clinic_id=team.clinic_id,
        team=team,
        level=level,
        user=user,
        from_at=from_at,
        until_at=until_at,
        created_at=now,
        created_by=by,
    )
    _record("planned override", override, team, by, now)
    return override


def remove_shift(*, team_id: UUID, shift_id: UUID, by: User, now: datetime) -> RotaShift:
    """Take a shift out of the weekly pattern. Refuses, and names who was first, when it is not in it any more."""
    return _remove(RotaShift, team_id=team_id, row_id=shift_id, what="removed shift", by=by, now=now)


def remove_override(*, team_id: UUID, override_id: UUID, by: User, now: datetime) -> RotaOverride:
    return _remove(RotaOverride, team_id=team_id, row_id=override_id, what="removed override", by=by, now=now)


@transaction.atomic
def name_lead(*, team_id: UUID, user_id: UUID | None, was: UUID | None, by: User, now: datetime) -> CareTeam:
    """Who leads the team, or nobody. `was` is who the page showed: whoever was named meanwhile stays."""
    team = _held(team_id, by)
    members = Membership.objects.filter(team=team, ended_at=None)
    lead = members.filter(is_lead=True).select_related("user").order_by("pk").first()
    if (lead.user.uuid if lead else None) != was:
        stands = f"{lead.user.name} leads the team by now." if lead else "Nobody leads the team by now."
        raise RotaRefused(f"{stands} Look again before you change it.", field="lead")
    user = _member(team, user_id) if user_id else None
    members.filter(is_lead=True).update(is_lead=False)
    members.filter(user=user).update(is_lead=True)
    audit.record(
        what="named lead",
        now=now,
        clinic=team.clinic,
        user=by,
        subject=team,
        lead=str(user.uuid) if user else None,
    )
    return team


@transaction.atomic
def set_zone(*, team_id: UUID, zone: str, was: str, by: User, now: datetime) -> CareTeam:
    """By which clocks the weekly pattern is read from now on; empty: by those of the clinic. Overrides are instants,
    and stay. `was` is what the page showed."""
    team = _held(team_id, by)
    if zone and zone not in available_timezones():
        raise RotaRefused(f"{zone!r} is not a time zone. Write a name such as Europe/London.", field="zone")
    if team.time_zone != was:
        raise RotaRefused(
            f"The rota goes by the clocks of {zone_of(team)} by now. Look again before you change it.",
            field="zone",
        )
    CareTeam.objects.filter(pk=team.pk).update(time_zone=zone, next_night_check_at=now)
    audit.record(
        what="set zone of rota", now=now, clinic=team.clinic, user=by, subject=team, zone=zone, was=was
    )
    team.time_zone = zone
    return team


def may_plan(user: User, team: CareTeam) -> bool:
    return access.memberships(user).filter(team=team, role__in=MAY_PLAN).exists()


def in_words(shift: RotaShift) -> str:
    """For example "Monday 20:00 to Tuesday 08:00"."""
    ends = shift.weekday * DAY_MIN + shift.begins_min + shift.lasts_min
    begins = f"{WEEKDAYS[shift.weekday]} {_clock(shift.begins_min)}"
    day = ends // DAY_MIN % 7
    return f"{begins} to {'' if day == shift.weekday else WEEKDAYS[day] + ' '}{_clock(ends % DAY_MIN)}"


@transaction.atomic
def _remove(model: type[Row], *, team_id: UUID, row_id: UUID, what: str, by: User, now: datetime) -> Row:
    team = _held(team_id, by)
    row = model.objects.select_related("ended_by", "user").get(uuid=row_id, team=team)
    if not model.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now, ended_by=by):
        who = row.ended_by.name if row.ended_by else "Somebody"
        when = clock_time(row.ended_at, zone_of(team)) if row.ended_at else ""
        raise RotaRefused(f"{who} removed this at {when}. Look at the plan as it is now.")
    _record(what, row, team, by, now)
    return row


def zone_of(team: CareTeam) -> str:
    return team.time_zone or team.clinic.time_zone


def _held(team_id: UUID, by: User) -> CareTeam:
    """The team, kept for whoever plans until they are done."""
    team = (
        access.teams(by)
        .select_related("clinic")
        .select_for_update(of=("self",), no_key=True)
        .get(uuid=team_id)
    )
    if not may_plan(by, team):
        raise RotaRefused(
            "Only a coordinator or an administrator of the care team can change the rota. Ask one of them."
        )
    return team


def _member(team: CareTeam, user_id: UUID) -> User:
    found = User.objects.filter(
        uuid=user_id, is_active=True, memberships__team=team, memberships__ended_at=None
    ).first()
    if found is None:
        raise RotaRefused(
            "This colleague does not belong to the care team now. Choose somebody else.", field="user"
        )
    return found


def _share_a_minute(one: RotaShift, other: RotaShift) -> bool:
    begin, other_begin = (shift.weekday * DAY_MIN + shift.begins_min for shift in (one, other))
    return (other_begin - begin) % WEEK_MIN < one.lasts_min or (
        begin - other_begin
    ) % WEEK_MIN < other.lasts_min


def _taken(row: RotaShift | RotaOverride, when: str, team: CareTeam) -> str:
    by = row.created_by.name if row.created_by else "Somebody"
    at = clock_time(row.created_at, zone_of(team))
    return (
        f"{row.user.name} is planned already, {when}: {by} planned it at {at}. Remove that first, or choose other"
        " times."
    )


def _between(override: RotaOverride, team: CareTeam) -> str:
    begin, end = (clock_time(instant, zone_of(team)) for instant in (override.from_at, override.until_at))
    return f"{begin} to {end}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _record(what: str, row: RotaShift | RotaOverride, team: CareTeam, by: User, now: datetime) -> None:
    audit.record(what=what, now=now, clinic=team.clinic, user=by, subject=row, team=str(team.uuid))


def members(team: CareTeam) -> list[Membership]:
    """Who belongs to the team now, by name."""
    there = Membership.objects.filter(team=team, ended_at=None, user__is_active=True)
    return list(there.select_related("user").order_by("user__name", "pk"))


def planned_shifts(team: CareTeam) -> list[RotaShift]:
    """The weekly pattern, in its order."""
    shifts = RotaShift.objects.filter(team=team, ended_at=None).select_related("user")
    return list(shifts.order_by("weekday", "begins_min", "level"))


def planned_overrides(team: CareTeam, *, now: datetime) -> list[RotaOverride]:
    """Those that are not over, the next one first."""
    overrides = RotaOverride.objects.filter(team=team, ended_at=None, until_at__gt=now).select_related("user")
    return list(overrides.order_by("from_at", "level"))
