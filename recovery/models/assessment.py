from django.db import models
from django.db.models import Q

from recovery.clinical.tiers import Tier

from .check_in import CheckIn
from .episode import Episode
from .quarantine import Quarantine
from .tenancy import clinic_of_parent, held, held_alone


class Assessment(models.Model):
    """The verdict on one revision of a check-in, on the silence of a closed slot, or on what was readable of a refused
    body, under one protocol version. The verdict is append-only; what is owed of it (flagging) stands in columns.

    A check-in whose judging raised an error has a row without tier: it is tried again, then set aside and shown to
    the team as "could not be assessed".
    """

    class FlaggedBy(models.TextChoices):
        REQUEST = "request", "At once: nothing to flag"
        CELERY = "celery", "Celery"
        WATCH = "watch", "The watch"

    MAX_ATTEMPTS = 5

    clinic = clinic_of_parent()
    episode = held(Episode, related_name="assessments", db_index=False)
    check_in = held(CheckIn, null=True, related_name="assessments", db_index=True)
    revision = models.PositiveSmallIntegerField(null=True)
    # One of check_in, silent_slot and quarantine is there; the others are absent, not empty.
    silent_slot = models.CharField(  # noqa: DJ001
        max_length=8, null=True, help_text="The slot that closed without a check-in"
    )
    quarantine = held_alone(Quarantine, null=True, related_name="assessment")
    is_current = models.BooleanField(default=True)

    protocol = models.CharField(max_length=40)
    judged_at = models.DateTimeField()
    effective_at = models.DateTimeField(
        help_text="The instant judged: when it was felt, or when the slot closed"
    )
    hours = models.FloatField(help_text="Hours since the procedure at that instant")
    phase = models.CharField(max_length=20)
    slot = models.CharField(max_length=8, null=True, help_text="The slot that instant lies in")  # noqa: DJ001
    tier = models.PositiveSmallIntegerField(null=True, choices=[(tier.value, tier.label) for tier in Tier])
    findings = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    silence = models.JSONField(
        null=True,
        help_text="Of a closed slot: what is known of the phone and of the reminders (silence/why.py)",
    )

    flagged_at = models.DateTimeField(null=True, blank=True)
    flagged_by = models.CharField(max_length=8, choices=FlaggedBy, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="Back-off, in real time; empty is now"
    )
    set_aside_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=100, blank=True, help_text="Class of the error; never its text")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "episode", "clinic"], name="assessment_of_episode"),
            models.UniqueConstraint(
                fields=["check_in"],
                condition=Q(is_current=True, check_in__isnull=False),
                name="one_current_assessment",
            ),
            models.UniqueConstraint(
                fields=["episode", "silent_slot"],
                condition=Q(is_current=True, silent_slot__isnull=False),
                name="silence_once_per_slot",
            ),
            models.CheckConstraint(
                condition=Q(check_in__isnull=False, revision__isnull=False, silent_slot=None, quarantine=None)
                | Q(check_in=None, revision=None, silent_slot__isnull=False, quarantine=None)
                | Q(check_in=None, revision=None, silent_slot=None, quarantine__isnull=False),
                name="assessment_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(tier=None) | Q(tier__range=(Tier.NONE, Tier.EMERGENCY)),
                name="assessment_tier_known",
            ),
            models.CheckConstraint(
                condition=Q(flagged_at=None, flagged_by="")
                | Q(flagged_at__isnull=False, flagged_by__in=["request", "celery", "watch"]),
                name="flagged_by_when_flagged",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-tier", "id"],
                condition=Q(flagged_at=None, set_aside_at=None),
                name="assessment_owed",
            ),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(flagged_at=None, set_aside_at__isnull=False),
                name="assessment_set_aside",
            ),
            models.Index(fields=["episode", "effective_at"], name="assessment_by_episode"),
            models.Index(fields=["episode"], condition=Q(flagged_at=None), name="assessment_owed_of_episode"),
            models.Index(fields=["id"], condition=Q(tier__gte=Tier.SAME_DAY), name="assessment_urgent"),
        ]

    def __str__(self) -> str:
        return f"assessment {self.pk}"
