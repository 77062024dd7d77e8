"""Who works in a care team: invited by its administrator, given another role, leaving.

What somebody may do is read from these rows with every request, so a change counts at the next one, on open pages too.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from recovery import access, audit, second_factor, sessions, tenancy
from recovery.errors import Refused
from recovery.models import CareTeam, Clinic, Invitation, Membership, Oversight, User
from recovery.tenancy import Reach

ADMIN = Membership.Role.ADMIN
LASTS = timedelta(hours=72)
EACH_DAY = 50
"""Invitations of one clinic: nobody's mailbox is filled from here."""


class StaffRefused(Refused):
    code = "staff_refused"


LAST_ADMIN = "This is the only administrator of the team. Make somebody else one first."
USED_UP = "This link does not work any more: it was used, withdrawn, or is too old. Ask for a new invitation."


def administered(user: User) -> QuerySet[CareTeam]:
    """The teams whose people this person may invite and dismiss."""
    return CareTeam.objects.filter(pk__in=access.memberships(user).filter(role=ADMIN).values("team"))


def roles_of(user: User) -> list[str]:
    """What somebody is, and where, in words."""
    teams = access.memberships(user).select_related("team__clinic").order_by("team__name", "pk")
    beside = Oversight.objects.filter(user=user, ended_at=None).select_related("clinic").order_by("pk")
    return [
        *(f"{row.get_role_display()}, {row.team.name}, {row.team.clinic.name}" for row in teams),
        *(", ".join([row.get_role_display(), *([row.clinic.name] if row.clinic else [])]) for row in beside),
    ]


def members(team: CareTeam) -> Sequence[Membership]:
    rows = Membership.objects.filter(team=team, ended_at=None).select_related("user")
    return list(rows.order_by("user__name", "pk"))


def auditors(clinic: Clinic) -> Sequence[Oversight]:
    rows = Oversight.objects.filter(clinic=clinic, role=Oversight.Role.AUDITOR, ended_at=None)
    return list(rows.select_related("user").order_by("user__name", "pk"))


def without_second_factor(users: Sequence[User]) -> set[int]:
    """Those of them who have set up none."""
    return {user.pk for user in users} - second_factor.owners(users)


def invitations(team: CareTeam, now: datetime) -> Sequence[Invitation]:
    """Those that can still be accepted: into the team, and of auditors of its clinic."""
    here = Q(team=team) | Q(team=None, clinic=team.clinic_id)
    rows = Invitation.objects.filter(here, accepted_at=None, withdrawn_at=None, expires_at__gt=now)
    return list(rows.order_by("created_at", "pk"))


@transaction.atomic
def invite(
    *, team_id: UUID, email: str, name: str, role: str, by: User, now: datetime
) -> tuple[Invitation, str]:
    """An invitation and what stands in its link, which is kept nowhere. An earlier one to the same address ends."""
    team = _held(team_id, by)
    _check_letters(email)
    if Membership.objects.filter(team=team, ended_at=None, user__email__iexact=email, role=role).exists():
        raise StaffRefused("This person is in the team already, with this role.")
    return _invited(
        email=email,
        name=name,
        role=role,
        clinic=team.clinic,
        team=None if role == Oversight.Role.AUDITOR else team,
        by=by,
        now=now,
    )


def invite_operator(*, email: str, name: str, now: datetime) -> tuple[Invitation, str]:
    """Somebody who looks after the service itself. For whoever has the command line; no administrator can do it."""
    _check_letters(email)
    return _invited(email=email, name=name, role="operator", clinic=None, team=None, by=None, now=now)


@transaction.atomic
def end_operator(*, email: str, now: datetime) -> None:
    """They look after the service no more, and no link lets them in again. For whoever has the command line."""
    open_still = Invitation.objects.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=now)
    to_them = open_still.filter(role=Oversight.Role.OPERATOR, email__iexact=email)
    invited = list(to_them.order_by("pk").select_for_update(of=("self",)))
    theirs = Oversight.objects.filter(role=Oversight.Role.OPERATOR, ended_at=None, user__email__iexact=email)
    row = theirs.select_related("user").select_for_update(of=("self",)).first()
    if row is None and not invited:
        raise StaffRefused(f"No operator signs in with {email}, and none is invited: nothing was changed.")
    for invitation in invited:
        _withdraw(invitation, by=None, now=now)
    if row is not None:
        Oversight.objects.filter(pk=row.pk).update(ended_at=now)
        audit.record(what="ended membership", now=now, subject=row.user, was=row.role)
        _sign_out_if_left(row.user, by=None, now=now)


@transaction.atomic
def withdraw(*, team_id: UUID, invitation_id: UUID, by: User, now: datetime) -> None:
    team = _held(team_id, by)
    open_here = Invitation.objects.filter(accepted_at=None, withdrawn_at=None, clinic=team.clinic_id)
    row = open_here.get(Q(team=team) | Q(team=None), uuid=invitation_id)
    _withdraw(row, by=by, now=now)


@transaction.atomic
def change_role(*, team_id: UUID, user_id: UUID, role: str, by: User, now: datetime) -> Membership:
    """Give a member another role. The team keeps an administrator, whatever two of them do at once."""
    team = _held(team_id, by)
    member = _member(team, user_id)
    if member.role == role:
        return member
    if member.role == ADMIN:
        _another_admin(team, member)
    Membership.objects.filter(pk=member.pk).update(role=role)
    _withdraw_of(member, by=by, now=now)
    audit.record(
        what="changed role",
        now=now,
        clinic=team.clinic,
        user=by,
        subject=member.user,
        was=member.role,
        now_is=role,
    )
    member.role = role
    return member


@transaction.atomic
def end_membership(*, team_id: UUID, user_id: UUID, by: User, now: datetime) -> None:
    """Somebody leaves the team. Whoever is in no other is signed out everywhere."""
    team = _held(team_id, by)
    member = _member(team, user_id)
    if member.role == ADMIN:
        _another_admin(team, member)
    Membership.objects.filter(pk=member.pk, ended_at=None).update(ended_at=now)
    _withdraw_of(member, by=by, now=now)
    audit.record(
        what="ended membership", now=now, clinic=team.clinic, user=by, subject=member.user, was=member.role
    )
    _sign_out_if_left(member.user, by=by, now=now)


@transaction.atomic
def end_auditor(*, team_id: UUID, user_id: UUID, by: User, now: datetime) -> None:
    team = _held(team_id, by)
    row = Oversight.objects.select_related("user").get(
        user__uuid=user_id, clinic=team.clinic_id, role=Oversight.Role.AUDITOR, ended_at=None
    )
    Oversight.objects.filter(pk=row.pk).update(ended_at=now)
    audit.record(
        what="ended membership", now=now, clinic=team.clinic, user=by, subject=row.user, was=row.role
    )
    _sign_out_if_left(row.user, by=by, now=now)


@transaction.atomic
def renew(*, team_id: UUID, user_id: UUID, by: User, now: datetime) -> tuple[Invitation, str]:
    """For a member who has lost their second factor, or whose password somebody else may know: both are gone at once,
    they are signed out everywhere, and a link to their own mailbox lets them set up new ones."""
    team = _held(team_id, by)
    member = _member(team, user_id)
    if member.user_id == by.pk:
        raise StaffRefused(
            "Another administrator has to do this for you. Your own you replace under Security."
        )
    return _renew(member.user, role=member.role, clinic=team.clinic, team=team, by=by, now=now)


@transaction.atomic
def renew_from_outside(*, email: str, now: datetime) -> tuple[Invitation, str]:
    """As `renew`, for whom nobody inside can help: the only administrator of a team, an auditor, an operator. For
    whoever has the command line."""
    here = Membership.objects.filter(user__email__iexact=email, user__is_active=True, ended_at=None)
    member = here.order_by("team_id").first()
    if member is not None:
        team = (
            CareTeam.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=member.team_id)
        )
        return _renew(member.user, role=member.role, clinic=team.clinic, team=team, by=None, now=now)
    beside = Oversight.objects.filter(user__email__iexact=email, user__is_active=True, ended_at=None)
    row = beside.select_related("user", "clinic").order_by("pk").first()
    if row is None:
        raise StaffRefused(f"Nobody who signs in with {email} works here: nothing was changed.")
    return _renew(row.user, role=row.role, clinic=row.clinic, team=None, by=None, now=now)


def reach_of(token: str) -> Reach:
    """Whoever holds a link reaches the clinic that it invites to."""
    return tenancy.by_invitation(access.hash_of(token))


def invitation_of(token: str, now: datetime) -> Invitation:
    """What a link stands for. Raises StaffRefused when it works no more."""
    row = _open(token, now).select_related("clinic", "team").first()
    if row is None:
        raise StaffRefused(USED_UP)
    return row


def needs_password(invitation: Invitation) -> bool:
    """Whoever signs in with a password already goes on with it."""
    user = User.objects.filter(email__iexact=invitation.email).first()
    return user is None or not user.has_usable_password()


@transaction.atomic
def accept(*, token: str, password: str | None, now: datetime) -> User:
    """Somebody followed the link: their account is made, or the one that they have gets the role."""
    asked = invitation_of(token, now)
    if asked.team_id is not None:  # before the invitation, as whoever withdraws it does
        CareTeam.objects.select_for_update().get(pk=asked.team_id)
    row = _open(token, now).select_for_update().first()
    if row is None:
        raise StaffRefused(USED_UP)
    user = User.objects.filter(email__iexact=row.email).select_for_update().first()
    if user is None:
        user = User.objects.create_user(row.email, password, name=row.name)
    elif not user.has_usable_password():
        user.set_password(password)
        user.save(update_fields=["password"])
    Invitation.objects.filter(pk=row.pk).update(accepted_at=now)
    if not row.renews:
        _joins(user, row, now)
    audit.record(
        what="accepted invitation", now=now, clinic=row.clinic, user=user, subject=row, role=row.role
    )
    return user


def _joins(user: User, row: Invitation, now: datetime) -> None:
    if row.team_id is None:
        Oversight.objects.get_or_create(
            user=user, role=row.role, clinic=row.clinic, ended_at=None, defaults={"started_at": now}
        )
        return
    there = Membership.objects.filter(user=user, team=row.team_id, ended_at=None)
    member = there.select_related("team").first()
    if member is None:
        Membership.objects.create(user=user, team_id=row.team_id, role=row.role)
        return
    if member.role == ADMIN and row.role != ADMIN:
        _another_admin(member.team, member)
    Membership.objects.filter(pk=member.pk).update(role=row.role)


def _check_letters(email: str) -> None:
    """To the database a dotless i is an i, and so another mailbox the same account."""
    if not email.isascii():
        raise StaffRefused(
            "Write the address in the letters a to z: others look alike and are another mailbox. "
            "A domain that has other letters begins with xn--."
        )


def _renew(
    user: User, *, role: str, clinic: Clinic | None, team: CareTeam | None, by: User | None, now: datetime
) -> tuple[Invitation, str]:
    user = User.objects.select_for_update().get(pk=user.pk)
    second_factor.forget(user=user)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    sessions.end_all(user=user, by=by, now=now)
    audit.record_account(what="took away second factor", now=now, user=user, by=by)
    return _invited(
        email=user.email,
        name=user.name,
        role=role,
        clinic=clinic,
        team=team,
        by=by,
        now=now,
        renews=True,
    )


def _invited(
    *,
    email: str,
    name: str,
    role: str,
    clinic: Clinic | None,
    team: CareTeam | None,
    by: User | None,
    now: datetime,
    renews: bool = False,
) -> tuple[Invitation, str]:
    sent = Invitation.objects.filter(clinic=clinic, created_at__gt=now - timedelta(days=1)).count()
    if sent >= EACH_DAY:
        raise StaffRefused(f"{EACH_DAY} invitations were sent in a day. Send the others tomorrow.")
    earlier = Invitation.objects.filter(clinic=clinic, team=team, accepted_at=None, withdrawn_at=None)
    earlier.filter(email__iexact=email).update(withdrawn_at=now)
    token = secrets.token_urlsafe(32)
    row = Invitation.objects.create(
        token_hash=access.hash_of(token),
        email=email,
        name=name,
        role=role,
        clinic=clinic,
        team=team,
        renews=renews,
        created_at=now,
        created_by=by,
        expires_at=now + LASTS,
    )
    audit.record(what="invited", now=now, clinic=clinic, user=by, subject=row, role=role)
    return row, token


def _withdraw_of(member: Membership, *, by: User, now: datetime) -> None:
    """Somebody has left or got another role: no link brings them back, or to the role that they would have had. What
    they sent as an administrator ends with their being one, whoever it went to. By what lets a member begin anew nobody
    joins: it stays."""
    clinic = member.team.clinic_id
    theirs = Q(team=member.team, email__iexact=member.user.email)
    theirs |= Q(team=member.team, created_by=member.user_id)
    if not access.memberships(member.user).filter(role=ADMIN, team__clinic=clinic).exists():
        theirs |= Q(team=None, clinic=clinic, created_by=member.user_id)
    still = Invitation.objects.filter(renews=False, accepted_at=None, withdrawn_at=None, expires_at__gt=now)
    for row in still.filter(theirs).order_by("pk").select_for_update():
        _withdraw(row, by=by, now=now)


def _withdraw(row: Invitation, *, by: User | None, now: datetime) -> None:
    Invitation.objects.filter(pk=row.pk).update(withdrawn_at=now)
    audit.record(what="withdrew invitation", now=now, clinic=row.clinic_id, user=by, subject=row)


def _open(token: str, now: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        token_hash=access.hash_of(token), accepted_at=None, withdrawn_at=None, expires_at__gt=now
    )


def _held(team_id: UUID, by: User) -> CareTeam:
    """The team, held by its row. Raises CareTeam.DoesNotExist for whoever does not administer it; also for whom the one
    who held it before us has just let go."""
    row = administered(by).get(uuid=team_id)
    CareTeam.objects.select_for_update(of=("self",)).get(pk=row.pk)
    return administered(by).select_related("clinic").get(pk=row.pk)


def _member(team: CareTeam, user_id: UUID) -> Membership:
    return Membership.objects.select_related("user", "team").get(team=team, ended_at=None, user__uuid=user_id)


def _another_admin(team: CareTeam, but: Membership) -> None:
    others = Membership.objects.filter(team=team, role=ADMIN, ended_at=None, user__is_active=True)
    if not others.exclude(pk=but.pk).exists():
        raise StaffRefused(LAST_ADMIN)


def _sign_out_if_left(user: User, *, by: User | None, now: datetime) -> None:
    if access.memberships(user).exists() or Oversight.objects.filter(user=user, ended_at=None).exists():
        return
    sessions.end_all(user=user, by=by, now=now)
