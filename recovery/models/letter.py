import uuid

from django.db import models
from django.db.models import Q

from .contact import Contact
from .episode import Episode
from .tenancy import clinic_of_parent, held


class Letter(models.Model):
    """A message about no alert: to a patient, or to a member of staff at one of their contacts or at the e-mail that
    they sign in with. Planned once per key. No health word and no name stands in it; the address of a patient, and a
    code that somebody is sent, are sealed.

    `due_at` and `expires_at` are the product's time; leases and back-off are real time, whatever clock the rest runs
    on. Its uuid is its idempotency key, and what its receipts name.
    """

    Channel = Contact.Channel

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Could not be sent"
        DROPPED = "dropped", "No longer needed"

    OWED = (Status.WAITING, Status.SENDING)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = clinic_of_parent()
    kind = models.CharField(max_length=24, help_text="One of notifications/wording.py")
    key = models.CharField(
        max_length=200, help_text="What it is about, in the words of who plans it: told once"
    )
    user = models.ForeignKey("recovery.User", null=True, on_delete=models.PROTECT, related_name="+")
    contact = held(Contact, null=True, related_name="letters")
    episode = held(Episode, null=True, related_name="letters")
    channel = models.CharField(max_length=10, choices=Channel)
    line = models.CharField(max_length=270, help_text="The provider that it goes through")
    sealed_address = models.TextField(blank=True, db_default="", help_text="Of a patient, encrypted")
    sealed_code = models.TextField(
        blank=True, db_default="", help_text="Encrypted; forgotten once it has ended"
    )
    detail = models.JSONField(
        default=dict, help_text="What its words leave open; of no health and nobody's name"
    )
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="From then on it is of no use to anybody"
    )

    status = models.CharField(
        max_length=10, choices=Status, default=Status.WAITING, db_default=Status.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(help_text="Not before this, or when its lease runs out; real time")
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True, help_text="When its provider said so")
    opened_at = models.DateTimeField(
        null=True, blank=True, help_text="When whoever it is for was seen to have it"
    )
    provider_id = models.CharField(max_length=200, blank=True, db_default="")
    provider_rank = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How far its provider says it came (notifications/receipts.py); only grows",
    )
    last_error = models.CharField(
        max_length=100, blank=True, db_default="", help_text="Code or class of the error; never its text"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "kind", "key"], name="letter_once"),
            models.CheckConstraint(
                condition=Q(user=None, contact=None, episode__isnull=False)
                | Q(user__isnull=False, episode=None, sealed_address=""),
                name="letter_to_staff_or_patient",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["sent", "delivered"], sent_at__isnull=False)
                | (~Q(status__in=["sent", "delivered"]) & Q(sent_at=None)),
                name="letter_sent_at_when_sent",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "sending", "sent", "delivered", "failed", "dropped"]),
                name="letter_status_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(status__in=["waiting", "sending"]), name="letter_due"
            ),
        ]

    def __str__(self) -> str:
        return f"letter {self.uuid}"
