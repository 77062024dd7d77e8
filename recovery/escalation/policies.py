"""The policies of care teams: versions that never change. Who may write one, and what holds now."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from recovery import access, audit
from recovery.clinical.tiers import Tier
from recovery.errors import Refused
from recovery.escalation.checks import Problem, problems
from recovery.escalation.policy import Policy, document_of, frozen
from recovery.local_time import clock_time
from recovery.models import CareTeam, EscalationPolicy, Membership, User

CHANGED = "changed escalation policy"


class PolicyRefused(Refused):
    code = "policy_refused"

    def __init__(self, message: str, wrong: list[Problem] | None = None) -> None:
        super().__init__(message)
        self.wrong = wrong or []


def current(team_id: int) -> EscalationPolicy | None:
    """The newest version of the team's own; None when it never had one."""
    own = EscalationPolicy.objects.filter(team=team_id).select_related("created_by")
    return own.order_by("-version").first()


def versions(team: CareTeam, *, most: int) -> list[EscalationPolicy]:
    """Those of the team, the newest first."""
    written = EscalationPolicy.objects.filter(team=team).select_related("created_by")
    return list(written.order_by("-version")[:most])


def freeze(team_id: int, tier: Tier) -> dict[str, object]:
    """What an alert of this team that opens at this tier is worked on under, whatever becomes of the policy."""
    policy = current(team_id)
    return frozen(policy.document if policy else None, tier)


def may_change(user: User, team: CareTeam) -> bool:
    return access.memberships(user).filter(team=team, role=Membership.Role.ADMIN).exists()


def change(
    *, team_id: UUID, policies: Mapping[Tier, Policy] | None, was: int, by: User, now: datetime
) -> EscalationPolicy:
    """Write the next version; None goes back to the defaults. `was` is the version that the person saw (0: none):
    whoever wrote another meanwhile is named. What holds already is not written again.

    Raises CareTeam.DoesNotExist for a stranger, PolicyRefused with every problem at once.
    """
    team = access.teams(by).select_related("clinic").get(uuid=team_id)
    if not may_change(by, team):
        raise PolicyRefused("Only an administrator of the care team can change this. Ask one of them.")
    if policies is not None and (wrong := problems(policies)):
        raise PolicyRefused("This cannot be saved yet: some steps have to be corrected.", wrong)
    before = current(team.pk)
    if (before.version if before else 0) != was:
        raise PolicyRefused(_who_was_first(team))
    document = None if policies is None else document_of(policies)
    if document == (before.document if before else None):
        return before or _none_yet(team)
    try:
        with transaction.atomic():
            written = EscalationPolicy.objects.create(
                clinic=team.clinic,
                team=team,
                version=was + 1,
                document=document,
                created_at=now,
                created_by=by,
            )
            audit.record(
                what=CHANGED,
                now=now,
                clinic=team.clinic,
                user=by,
                subject=team,
                version=written.version,
                document=document,
            )
    except IntegrityError:  # of two at once the other was first
        raise PolicyRefused(_who_was_first(team)) from None
    return written


def _none_yet(team: CareTeam) -> EscalationPolicy:
    """That of a team which never had one of its own, and still has none."""
    return EscalationPolicy(team=team, clinic=team.clinic, version=0, document=None)


def _who_was_first(team: CareTeam) -> str:
    stands = current(team.pk)
    if stands is None:
        return "The team has no version of its own. Look again before you change it."
    at = clock_time(stands.created_at, team.clinic.time_zone)
    return (
        f"{stands.created_by.name} saved version {stands.version} at {at}. Nothing of yours was saved: "
        "look again before you change it."
    )
