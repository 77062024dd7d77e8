import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

HAS_DIGIT = r"[0-9]"


class Clinic(models.Model):
    """The tenant: every row about a patient belongs to exactly one.

    A clinic cannot exist without the numbers that patients are told to call, so no episode can start without them.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, help_text="IANA name, for example Europe/London")
    team_phone = models.CharField(max_length=40)
    urgent_line = models.CharField(max_length=40, help_text="Answers when the team does not, nights included")
    emergency_number = models.CharField(max_length=40)
    crisis_line = models.CharField(max_length=40, help_text="For a patient who writes of self-harm")
    night_cover = models.BooleanField(help_text="Somebody of the team answers at night")
    names_staff = models.BooleanField(
        db_default=False,
        help_text="Patients are told the name, not only the role, of who has seen their report",
    )
    record_years = models.PositiveSmallIntegerField(
        db_default=10, help_text="How long the law makes it keep a record, from the end of the last recovery"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(**{f"{number}__regex": HAS_DIGIT}), name=f"clinic_has_{number}"
            )
            for number in ("team_phone", "urgent_line", "emergency_number", "crisis_line")
        ]

    def __str__(self) -> str:
        return self.name


class CareTeam(models.Model):
    """Who looks after patients together."""

    BUDGETS = (1, 300)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(max_length=200)
    alert_budget = models.PositiveSmallIntegerField(
        db_default=30, help_text="Alerts for each 100 check-ins that the team means to work on (ADR 17)"
    )
    time_zone = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Of its rota; empty: that of its clinic"
    )
    next_night_check_at = models.DateTimeField(
        db_default=Now(), help_text="When it is looked at next whether somebody can be reached tonight"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "name"], name="team_name_once_per_clinic"),
            models.UniqueConstraint(fields=["id", "clinic"], name="team_of_clinic"),
            models.CheckConstraint(condition=Q(alert_budget__range=(1, 300)), name="alert_budget_in_range"),
        ]
        indexes = [models.Index(fields=["next_night_check_at"], name="team_night_check")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's role in a care team. Ending it takes effect at the next request."""

    class Role(models.TextChoices):
        NURSE = "nurse", "Nurse"
        DOCTOR = "doctor", "Doctor"
        COORDINATOR = "coordinator", "Coordinator"
        ADMIN = "admin", "Administrator"

    user = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="memberships")
    team = models.ForeignKey(CareTeam, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    is_lead = models.BooleanField(db_default=False, help_text="Told when nobody on call has acted")
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    followed_up_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When, after they left, nothing was owed any more that they alone were told",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "team"], condition=Q(ended_at=None), name="member_once_per_team"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["nurse", "doctor", "coordinator", "admin"]),
                name="membership_role_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["team"],
                condition=Q(ended_at__isnull=False, followed_up_at=None),
                name="membership_left",
            ),
            models.Index(
                fields=["user"],
                condition=Q(ended_at=None, followed_up_at__isnull=False),
                name="membership_locked_out",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of team {self.team_id}"
