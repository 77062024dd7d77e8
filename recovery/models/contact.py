import uuid

from django.db import models
from django.db.models import Q

from .clinic import Clinic

E164 = r"^\+[1-9][0-9]{6,14}$"


class Contact(models.Model):
    """An address on which a member of staff is told, for one clinic. Who has none is told by the e-mail that they sign
    in with. Only one that was verified and has not ended is used.

    Never changed but for being verified, tested, ended, or given a new secret: another address is another contact.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        SMS = "sms", "Text message"
        WEBHOOK = "webhook", "Webhook"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="contacts")
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=500, help_text="E-mail address, number in E.164, or URL")
    line = models.CharField(
        max_length=270, help_text="The provider behind it: what is down for one is down for all on it"
    )
    sealed_secrets = models.TextField(
        blank=True, help_text="What webhooks are signed with, encrypted: the newest, and the one before it"
    )
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    code_hash = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Of the last code sent there"
    )
    code_until = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Wrong ones, of that code"
    )
    tested_at = models.DateTimeField(null=True, blank=True, help_text="When the last test was planned")
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When a test was last answered")
    next_test_at = models.DateTimeField(null=True, blank=True, help_text="Of one in use")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "clinic"], name="contact_of_clinic"),
            models.UniqueConstraint(
                fields=["user", "clinic", "address"], condition=Q(ended_at=None), name="contact_once"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["email", "sms", "webhook"]), name="contact_channel_known"
            ),
            models.CheckConstraint(
                condition=~Q(channel="sms") | Q(address__regex=E164), name="sms_goes_to_a_number"
            ),
            models.CheckConstraint(
                condition=Q(code_hash="", code_until=None) | (~Q(code_hash="") & Q(code_until__isnull=False)),
                name="contact_code_has_an_end",
            ),
            models.CheckConstraint(
                condition=(Q(channel="webhook") & ~Q(sealed_secrets=""))
                | (~Q(channel="webhook") & Q(sealed_secrets="")),
                name="webhook_has_secrets",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_test_at"],
                condition=Q(ended_at=None, next_test_at__isnull=False),
                name="contact_test_due",
            ),
        ]

    def __str__(self) -> str:
        return f"contact {self.uuid}"
