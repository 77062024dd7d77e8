import uuid
from datetime import time

from django.db import models
from django.db.models import F, Q

from .episode import Episode
from .tenancy import clinic_of_parent, held, held_alone


class Preferences(models.Model):
    """How a patient wishes to be reminded of check-ins, and when the watch has to look at it next. One row for each
    recovery; without one nobody is reminded. Times of day are those of the patient's own zone.
    """

    class Channel(models.TextChoices):
        NONE = "none", "No reminders"
        APP = "app", "In the app"
        EMAIL = "email", "By e-mail"
        SMS = "sms", "By text message"

    ADDRESSED = (Channel.EMAIL, Channel.SMS)

    USUAL_AT, QUIET_FROM, QUIET_UNTIL = time(10), time(21), time(8)
    MOST_REPEATS = 2

    clinic = clinic_of_parent()
    episode = held_alone(Episode, primary_key=True, related_name="preferences")
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.APP)
    sealed_address = models.TextField(
        blank=True, default="", help_text="E-mail or number in E.164, encrypted"
    )
    remind_at = models.TimeField(default=USUAL_AT)
    repeats = models.PositiveSmallIntegerField(
        default=1, help_text="How often again while nobody has answered"
    )
    quiet_from = models.TimeField(default=QUIET_FROM)
    quiet_until = models.TimeField(default=QUIET_UNTIL, help_text="The same as from: no quiet hours")
    changed_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True, help_text="When the next reminder is due")
    failures = models.PositiveIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(null=True, blank=True, help_text="Back-off, in real time")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__in=["none", "app", "email", "sms"]), name="reminder_channel_known"
            ),
            models.CheckConstraint(
                condition=(Q(channel__in=["email", "sms"]) & ~Q(sealed_address=""))
                | Q(channel__in=["none", "app"], sealed_address=""),
                name="reminders_have_an_address",
            ),
            models.CheckConstraint(condition=Q(repeats__lte=2), name="reminders_within_reason"),
            models.CheckConstraint(
                condition=Q(next_at=None) | ~Q(channel="none"), name="nobody_is_reminded_who_wants_none"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="reminder_due"),
        ]

    def __str__(self) -> str:
        return f"preferences of episode {self.episode_id}"


class Reminder(models.Model):
    """That a patient was reminded of one check-in, and what their app told of it. What became of its letter (by e-mail
    or text message) stands with the letter, whose key is this uuid."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = clinic_of_parent()
    episode = held(Episode, related_name="reminders", db_index=False)
    slot = models.CharField(max_length=8)
    channel = models.CharField(max_length=10, choices=Preferences.Channel)
    since = models.DateTimeField(help_text="When its slot opened: a check-in from then on answers it")
    due_at = models.DateTimeField(
        help_text="The time that was picked; after an outage the latest that had passed"
    )
    planned_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="When its slot closes")
    fetched_at = models.DateTimeField(null=True, blank=True, help_text="When an app first asked for it")
    shown_at = models.DateTimeField(null=True, blank=True, help_text="When the app says it was shown")
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When the app says it was tapped")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["episode", "due_at"], name="reminded_once"),
            models.CheckConstraint(
                condition=Q(channel__in=["app", "email", "sms"]), name="reminded_somewhere"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=F("since"), due_at__lt=F("expires_at")),
                name="reminded_inside_the_slot",
            ),
        ]

    def __str__(self) -> str:
        return f"reminder {self.uuid}"


class PhoneSign(models.Model):
    """When a patient's phone was last heard from, and when the form was last opened on it. A check-in is a sign, too,
    and stands with the check-ins."""

    clinic = clinic_of_parent()
    episode = held_alone(Episode, primary_key=True, related_name="phone_sign")
    heard_at = models.DateTimeField()
    form_opened_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign of the phone of episode {self.episode_id}"
