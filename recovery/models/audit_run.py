from django.db import models
from django.db.models import F, Q

from .clinic import Clinic
from .user import User


class AuditRun(models.Model):
    """One look of the auditor at what is stored. All instants are real time, by the database's clock."""

    started_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    found = models.PositiveIntegerField(help_text="Defects that stand after this run")
    late = models.JSONField(default=list, help_text="Checks that did not end in time")
    sweeps = models.JSONField(
        default=dict, help_text="How far each rotating check has come, and how often it came round"
    )
    seen_assessment = models.BigIntegerField(
        default=0, help_text="What is later is looked at first, the next time"
    )
    pinged_at = models.DateTimeField(
        null=True, blank=True, help_text="When the outside was told that all is well"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(pinged_at=None) | Q(found=0, pinged_at__gte=F("started_at")),
                name="pinged_only_while_all_is_well",
            ),
        ]

    def __str__(self) -> str:
        return f"audit run {self.pk}"


class Defect(models.Model):
    """Something that must be and is not, or is and must not be. It stands until a later run finds it mended."""

    kind = models.CharField(max_length=40)
    place = models.BigIntegerField(help_text="Id of the row that it is about; 0: of the service itself")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, related_name="+")
    detail = models.CharField(
        max_length=200, blank=True, help_text="Rule, step or program; no name, no answer"
    )
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(
        null=True, blank=True, help_text="From then on no alarm; another one is"
    )
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    accepted_because = models.CharField(max_length=500, blank=True, default="", db_default="")
    accepted_as = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="A word for the rows that it is about"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "place", "detail"], condition=Q(gone_at=None), name="a_defect_stands_once"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None, accepted_because="")
                | (Q(accepted_at__isnull=False, accepted_by__isnull=False) & ~Q(accepted_because="")),
                name="a_defect_is_accepted_by_somebody_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["found_at"], name="defect_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.place}"
