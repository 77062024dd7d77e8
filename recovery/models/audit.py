from django.db import models
from django.db.models import BigIntegerField, Func, Q, TextField
from django.db.models.functions import Cast

from .clinic import Clinic
from .tenancy import held

THIS_TRANSACTION = Cast(Cast(Func(function="pg_current_xact_id"), TextField()), BigIntegerField())


class AuditEvent(models.Model):
    """Who did what to which object, or looked at it, and when. No clinical values. Append-only."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    user = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    device = models.ForeignKey("recovery.DeviceToken", on_delete=models.PROTECT, null=True, related_name="+")
    what = models.CharField(max_length=60, help_text="Verb and noun: redeemed enrolment code, ended episode")
    subject = models.CharField(max_length=40, blank=True, help_text="Kind of the object")
    subject_id = models.UUIDField(null=True)
    episode = held("recovery.Episode", null=True, related_name="+", db_index=False)
    request_id = models.CharField(max_length=32, db_default="", blank=True)
    browser = models.CharField(max_length=16, db_default="", blank=True, help_text="A word for the session")
    detail = models.JSONField(default=dict, help_text="No clinical values, no names")
    xact = models.BigIntegerField(
        db_default=THIS_TRANSACTION,
        editable=False,
        help_text="The transaction that wrote it; the chain's order",
    )

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "at"], name="audit_by_clinic"),
            models.Index(fields=["xact"], name="audit_by_xact"),
            models.Index(fields=["episode", "at"], condition=Q(user__isnull=False), name="audit_by_episode"),
        ]

    def __str__(self) -> str:
        return f"{self.what} at {self.at:%Y-%m-%d %H:%M}"


class AuditBatch(models.Model):
    """So many audit events, bound: all whose transaction and id lie in its range. `seal` is made with the service's key
    over this and the batch before it. Append-only."""

    number = models.PositiveIntegerField(primary_key=True)
    after_id = models.BigIntegerField()
    up_to_id = models.BigIntegerField()
    from_xact = models.BigIntegerField()
    until_xact = models.BigIntegerField(help_text="The first transaction that is not of it")
    rows = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the rows")
    seal = models.CharField(max_length=64, help_text="HMAC-SHA-256 of the batch and the seal before it")
    made_at = models.DateTimeField(help_text="Real time")

    def __str__(self) -> str:
        return f"audit batch {self.number}"
