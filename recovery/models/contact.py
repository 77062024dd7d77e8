import uuid

from django.db import models
from django.db.models import Q

from .clinic import Clinic


class Contact(models.Model):
    """An address on which a member of staff is told, for one clinic. Who has none is told by the e-mail that they sign
    in with. Only one that was verified and has not ended is used.

    Never changed but for being verified, ended, or given a new secret: another address is another contact.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("recovery.User", on_delete=models.PROTECT, related_name="contacts")
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=500, help_text="E-mail address or URL")
    line = models.CharField(
        max_length=270, help_text="The provider behind it: what is down for one is down for all on it"
    )
    sealed_secrets = models.TextField(
        blank=True, help_text="What webhooks are signed with, encrypted: the newest, and the one before it"
    )
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "clinic"], name="contact_of_clinic"),
            models.UniqueConstraint(
                fields=["user", "clinic", "address"], condition=Q(ended_at=None), name="contact_once"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["email", "webhook"]), name="contact_channel_known"
            ),
            models.CheckConstraint(
                condition=(Q(channel="webhook") & ~Q(sealed_secrets=""))
                | (~Q(channel="webhook") & Q(sealed_secrets="")),
                name="webhook_has_secrets",
            ),
        ]

    def __str__(self) -> str:
        return f"contact {self.uuid}"
