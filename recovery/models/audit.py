from django.db import models

from .clinic import Clinic


class AuditEvent(models.Model):
    """Who did what to which object, and when. No clinical values. Append-only."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    user = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    device = models.ForeignKey("recovery.DeviceToken", on_delete=models.PROTECT, null=True, related_name="+")
    what = models.CharField(max_length=60, help_text="Verb and noun: redeemed enrolment code, ended episode")
    subject = models.CharField(max_length=40, blank=True, help_text="Kind of the object")
    subject_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict, help_text="No clinical values, no names")

    class Meta:
        indexes = [models.Index(fields=["clinic", "at"], name="audit_by_clinic")]

    def __str__(self) -> str:
        return f"{self.what} at {self.at:%Y-%m-%d %H:%M}"
