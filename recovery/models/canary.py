from django.db import models
from django.db.models import Q

from .clinic import CareTeam, Clinic
from .episode import Episode
from .tenancy import held


class Canary(models.Model):
    """The canary patient of a clinic, who reports a red flag every few minutes so that it is seen to arrive.

    The patient belongs to a care team of its own, in which nobody is but one user whom nobody signs in as. So no page,
    figure, rota or list of anybody's shows it: what people see follows from the teams that they belong to.
    """

    clinic = models.OneToOneField(Clinic, on_delete=models.PROTECT, related_name="canary")
    team = models.OneToOneField(CareTeam, on_delete=models.PROTECT, related_name="canary")
    user = models.OneToOneField("recovery.User", on_delete=models.PROTECT, related_name="+")
    episode = held(Episode, null=True, related_name="+", db_index=False)
    sealed_token = models.TextField(blank=True, help_text="Of its phone, encrypted")
    began_at = models.DateTimeField(
        null=True, blank=True, help_text="When this recovery of it began; real time"
    )

    def __str__(self) -> str:
        return f"canary of clinic {self.clinic_id}"


class CanaryRun(models.Model):
    """One red flag of a canary, from the report to the provider that took the message. All instants are real time."""

    class Outcome(models.TextChoices):
        ARRIVED = "arrived", "Arrived"
        ABSENT = "absent", "Did not arrive in time"

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    round = models.BigIntegerField(
        help_text="Number of the period since 1970: each has one run, whoever begins it"
    )
    started_at = models.DateTimeField()
    client_id = models.UUIDField(null=True, blank=True, help_text="Of its check-in")
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    took_ms = models.PositiveIntegerField(null=True, blank=True)
    flagged_by = models.CharField(max_length=8, blank=True, help_text="The road: celery or watch")
    sent_by = models.CharField(max_length=8, blank=True)
    fault = models.CharField(
        max_length=100, blank=True, help_text="What went wrong, by class or code; never a text"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "round"], name="one_canary_run_per_round"),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="")
                | Q(ended_at__isnull=False, outcome__in=["arrived", "absent"]),
                name="canary_run_ends_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"canary run {self.round} of clinic {self.clinic_id}"
