import uuid

from django.db import models
from django.db.models import Q

from .alert import TIERS, Alert
from .contact import Contact
from .tenancy import clinic_of_parent, held


class Notification(models.Model):
    """The intent to tell one recipient of one alert at one contact (none: the e-mail that they sign in with). Intents
    that belong together (the findings of one check-in) share a `message_key` and leave as one message, with the key as
    its idempotency key.

    Leases and back-off are real time, whatever clock the rest runs on.
    """

    Channel = Contact.Channel

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Could not be sent"
        DROPPED = "dropped", "No longer needed"

    clinic = clinic_of_parent()
    alert = held(Alert, related_name="notifications", db_index=False)
    step = models.CharField(max_length=24, help_text="Why: opened, raised-<tier>, repeat-<n>, asked-<n>")
    recipient = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="+")
    contact = held(Contact, null=True, related_name="+", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel)
    line = models.CharField(max_length=270, db_default="email", help_text="Contact.line when it was planned")
    message_key = models.UUIDField(default=uuid.uuid4)
    tier = models.PositiveSmallIntegerField(choices=TIERS)
    planned_at = models.DateTimeField()

    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(help_text="When it is due, or its lease runs out; real time")
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.CharField(max_length=8, blank=True, help_text="celery or watch: which road sent it")
    provider_id = models.CharField(max_length=200, blank=True)
    provider_rank = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How far its provider says it came (notifications/receipts.py); only grows",
    )
    delivered_at = models.DateTimeField(null=True, blank=True, help_text="When its provider said so")
    last_error = models.CharField(
        max_length=100, blank=True, help_text="Code or class of the error; never its text"
    )
    followed_up_at = models.DateTimeField(
        null=True, blank=True, help_text="When nothing more was owed for one that failed or was dropped"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "clinic"], name="notification_of_clinic"),
            models.UniqueConstraint(
                fields=["alert", "step", "recipient", "contact"],
                nulls_distinct=False,
                name="told_once_per_step",
            ),
            models.CheckConstraint(
                condition=Q(status="sent", sent_at__isnull=False) | (~Q(status="sent") & Q(sent_at=None)),
                name="sent_at_when_sent",
            ),
            models.CheckConstraint(
                condition=Q(delivered_at=None) | Q(status="sent"), name="delivered_when_sent"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "sending", "sent", "failed", "dropped"]),
                name="notification_status_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-tier", "next_attempt_at"],
                condition=Q(status__in=["waiting", "sending"]),
                name="notification_due",
            ),
            models.Index(fields=["message_key"], name="notification_message"),
            models.Index(
                fields=["id"],
                condition=Q(status__in=["failed", "dropped"], followed_up_at=None),
                name="notification_fallen_away",
            ),
            models.Index(fields=["alert"], condition=Q(status="failed"), name="notification_failed"),
        ]

    def __str__(self) -> str:
        return f"notification {self.pk}"


class Attempt(models.Model):
    """One try at sending one message. Written before the provider is called; without an end it is uncertain."""

    class Outcome(models.TextChoices):
        SENT = "sent", "Sent"
        TEMPORARY = "temporary", "Failed for now"
        PERMANENT = "permanent", "Failed for good"

    clinic = clinic_of_parent()
    notification = held(Notification, related_name="tries", db_index=False)
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(help_text="Real time")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Real time; empty is uncertain")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    error = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notification", "number"], name="attempt_number_once")]

    def __str__(self) -> str:
        return f"attempt {self.number} at notification {self.notification_id}"
