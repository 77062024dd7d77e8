import uuid
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast

from .clinic import CareTeam, Clinic
from .patient import Patient
from .sealed import BeforeField, SealedTextField
from .tenancy import clinic_of_parent, held

RISK_FACTORS = [
    "anticoagulant",
    "tumour",
    "immunosuppressed",
    "steroids",
    "age_65_plus",
    "levels_3_plus",
    "osteoporosis",
    "lung_disease",
    "allergy_history",
    "lives_alone",
]


class Episode(models.Model):
    """One procedure and its recovery. Time zero is `procedure_at`; everything is judged by the hours since.

    `sequence` counts the writes to the episode's reports: a check-in is judged against the history read at one
    sequence number and written only if the number still stands, so two phones cannot judge past each other.
    """

    class Procedure(models.TextChoices):
        VERTEBROPLASTY = "vertebroplasty", "Vertebroplasty"
        KYPHOPLASTY = "kyphoplasty", "Kyphoplasty"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="episodes")
    patient = held(Patient, related_name="episodes")
    team = held(CareTeam, related_name="episodes")

    procedure = models.CharField(max_length=20, choices=Procedure)
    levels = ArrayField(
        models.CharField(max_length=8), default=list, help_text="Vertebrae treated, for example L1"
    )
    procedure_at = models.DateTimeField(
        help_text="End of the procedure; the start of its day when only the date is known"
    )
    time_estimated = models.BooleanField(default=False, help_text="Only the date of the procedure is known")
    time_zone = models.CharField(max_length=64)
    risk_factors = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    blood_thinner_restart_h = models.DecimalField(
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Planned restart, hours after the procedure",
    )
    baseline = models.JSONField(
        null=True, blank=True, help_text="Answers before the procedure (specification 5)"
    )
    baseline_at = models.DateTimeField(null=True, blank=True)
    protocol = models.CharField(max_length=40, default="vk-default/1")

    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    extended_until = models.DateTimeField(
        null=True, blank=True, help_text="When it ends, if later than the last slot closes"
    )

    erased_at = models.DateTimeField(null=True, blank=True, help_text="Nothing but this row is left of it")

    sequence = models.BigIntegerField(default=0)
    next_due_at = models.DateTimeField(
        null=True, blank=True, help_text="When the next slot closes; the watch looks then"
    )
    silence_attempts = models.PositiveIntegerField(default=0)
    silence_next_at = models.DateTimeField(null=True, blank=True, help_text="Back-off, in real time")
    rejudge_from = models.DateTimeField(
        null=True, blank=True, help_text="Check-ins later than this are owed a new judgement"
    )
    rejudge_attempts = models.PositiveIntegerField(default=0)
    rejudge_next_at = models.DateTimeField(null=True, blank=True, help_text="Back-off, in real time")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "clinic"], name="episode_of_clinic"),
            models.UniqueConstraint(fields=["id", "patient"], name="episode_of_patient"),
            models.UniqueConstraint(
                fields=["patient"], condition=~Q(status="ended"), name="one_running_episode_per_patient"
            ),
            models.CheckConstraint(
                condition=Q(procedure__in=["vertebroplasty", "kyphoplasty"]), name="episode_procedure_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "paused", "ended"]), name="episode_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="ended", ended_at__isnull=False) | (~Q(status="ended") & Q(ended_at=None)),
                name="episode_ended_when_ended",
            ),
            models.CheckConstraint(
                condition=Q(next_due_at=None) | Q(status="active"), name="only_active_episodes_are_watched"
            ),
            models.CheckConstraint(
                # One constant: an array of so many would be read anew with every check-in that moves the episode on.
                condition=Q(
                    risk_factors__contained_by=Cast(
                        Value(f"{{{','.join(RISK_FACTORS)}}}"), ArrayField(models.CharField())
                    )
                ),
                name="risk_factors_known",
            ),
            models.CheckConstraint(
                condition=Q(baseline=None, baseline_at=None)
                | Q(baseline__isnull=False, baseline_at__isnull=False),
                name="baseline_has_a_time",
            ),
            models.CheckConstraint(condition=~Q(time_zone=""), name="episode_has_time_zone"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="episode_ends_after_start"
            ),
        ]
        indexes = [
            models.Index(fields=["next_due_at"], condition=Q(next_due_at__isnull=False), name="episode_due"),
            models.Index(
                fields=["rejudge_from"], condition=Q(rejudge_from__isnull=False), name="episode_to_rejudge"
            ),
            models.Index(fields=["team", "status"], name="episode_by_team"),
        ]

    def __str__(self) -> str:
        return f"episode {self.uuid}"

    def hours_at(self, instant: datetime) -> float:
        """H: hours between two instants, never between local clock times."""
        return (instant - self.procedure_at) / timedelta(hours=1)


class Pause(models.Model):
    """A time in which nobody expects check-ins (the patient is in hospital): slots that close in it are not missed."""

    clinic = clinic_of_parent()
    episode = held(Episode, related_name="pauses")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    reason = SealedTextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["episode"], condition=Q(until_at=None), name="one_running_pause"),
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gte=F("from_at")), name="pause_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"pause of episode {self.episode_id}"


class EpisodeEvent(models.Model):
    """What the team changed about an episode, with the reason and what stood there before. Append-only."""

    clinic = clinic_of_parent()
    episode = held(Episode, related_name="events", db_index=False)
    what = models.CharField(max_length=40, help_text="Verb and noun: corrected baseline, paused episode")
    at = models.DateTimeField()
    by = models.ForeignKey("recovery.User", on_delete=models.PROTECT, null=True, related_name="+")
    reason = SealedTextField(blank=True)
    was = BeforeField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["episode", "id"], name="events_of_episode")]

    def __str__(self) -> str:
        return f"{self.what} {self.episode_id}"
