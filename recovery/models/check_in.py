"""One report by the patient, stored against the recovery timeline of its episode."""

from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, NullIf
from django.db.models.lookups import Exact, IsNull

from .caregiver import Caregiver
from .device import DeviceToken
from .episode import Episode
from .patient import Patient
from .sealed import AnswersField
from .tenancy import clinic_of_parent, held


def _answer(link_id: str) -> KeyTextTransform:
    return KeyTextTransform(link_id, "answers")


PAIN = Cast(_answer("pain_now"), models.SmallIntegerField())

# Functions of the database (migration 0006) rather than expressions: PostgreSQL reads the whole tree of an expression
# anew with every row that is written, and these two were two thirds of all it had to read.
TEMPERATURE_C = Func(
    "answers",
    function="recovery_celsius",
    output_field=models.DecimalField(max_digits=5, decimal_places=2, null=True),
)
FEVER = Func("answers", function="recovery_fever", output_field=models.BooleanField(null=True))

# The symptoms told as new or worse, null when none is: what judging asks of every earlier check-in (specification 6.3).
REPORTED = NullIf(
    Func(
        "answers",
        Value('$.keyvalue() ? (@.value == "new_or_worse").key'),
        function="jsonb_path_query_array",
        output_field=models.JSONField(),
    ),
    Value([], output_field=models.JSONField()),
)


class Report(models.Model):
    """What a phone said, as it said it. Shared by the check-in as it stands and by its superseded revisions."""

    class Status(models.TextChoices):
        IN_PROGRESS = "in-progress", "Half-finished"
        COMPLETED = "completed", "Completed"

    class AnsweredBy(models.TextChoices):
        PATIENT = "patient", "Patient"
        CARER = "carer", "Caregiver"
        NURSE = "nurse", "The care team, for the patient"

    revision = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=12, choices=Status)
    observed_at = models.DateTimeField(help_text="When it was felt, as the phone says")
    sent_at = models.DateTimeField(help_text="When it was sent, as the phone says")
    received_at = models.DateTimeField(help_text="When it arrived, as this server says")
    effective_at = models.DateTimeField(
        help_text="The instant it is judged and ordered at (specification 6.8)"
    )
    clock_suspect = models.BooleanField(default=False)
    answered_by = models.CharField(max_length=10, choices=AnsweredBy)
    caregiver = held(Caregiver, null=True, related_name="+", db_index=False)
    app_version = models.CharField(max_length=40)
    answers = AnswersField()
    fingerprint = models.CharField(
        max_length=64, help_text="SHA-256 of the canonical content: same id, same content"
    )

    class Meta:
        abstract = True


class CheckIn(Report):
    """One report by the patient, in its latest revision. Its id is made on the phone; unique for the patient.

    What is charted, filtered or constrained also stands in columns that PostgreSQL generates from the answers.
    """

    clinic = clinic_of_parent()
    patient = held(Patient, related_name="check_ins", db_index=False)
    episode = held(Episode, related_name="check_ins", db_index=False)
    device = held(DeviceToken, null=True, related_name="+", db_index=False)
    client_id = models.UUIDField()
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="Entered in error: kept, not counted"
    )

    pain = models.GeneratedField(
        expression=PAIN, output_field=models.SmallIntegerField(null=True), db_persist=True
    )
    temperature_c = models.GeneratedField(
        expression=TEMPERATURE_C,
        output_field=models.DecimalField(max_digits=5, decimal_places=2, null=True),
        db_persist=True,
    )
    fever = models.GeneratedField(
        expression=FEVER, output_field=models.BooleanField(null=True), db_persist=True
    )
    numbness = models.GeneratedField(
        expression=_answer("numbness"),
        output_field=models.CharField(max_length=20, null=True),
        db_persist=True,
    )
    bandage = models.GeneratedField(
        expression=_answer("bandage"),
        output_field=models.CharField(max_length=20, null=True),
        db_persist=True,
    )
    reported = models.GeneratedField(
        expression=REPORTED, output_field=models.JSONField(null=True), db_persist=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "client_id"], name="check_in_once_per_patient"),
            models.UniqueConstraint(fields=["id", "episode", "clinic"], name="check_in_of_episode"),
            models.CheckConstraint(condition=Q(pain=None) | Q(pain__range=(0, 10)), name="pain_0_to_10"),
            models.CheckConstraint(
                condition=Q(numbness=None) | Q(numbness__in=["no", "same", "new_or_worse"]),
                name="numbness_known",
            ),
            models.CheckConstraint(
                condition=Q(bandage=None) | Q(bandage__in=["on_dry", "wet", "off"]), name="bandage_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["in-progress", "completed"]), name="check_in_status_known"
            ),
            models.CheckConstraint(
                condition=Q(answered_by__in=["patient", "carer", "nurse"]), name="answered_by_known"
            ),
            models.CheckConstraint(
                condition=Q(caregiver=None) | Q(answered_by="carer"), name="caregivers_answer_as_such"
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="revision_from_1"),
            models.CheckConstraint(
                condition=Q(observed_at__year__gte=2000) & Q(observed_at__year__lt=2100),
                name="observed_2000_to_2100",
            ),
            models.CheckConstraint(
                condition=Q(
                    Exact(
                        Func("answers", function="jsonb_typeof", output_field=models.TextField()),
                        Value("object"),
                    )
                ),
                name="answers_are_an_object",
            ),
            models.CheckConstraint(
                condition=Q(
                    Exact(
                        Func(
                            KeyTransform("pain_now", "answers"),
                            function="jsonb_typeof",
                            output_field=models.TextField(),
                        ),
                        Value("number"),
                    )
                )
                | Q(IsNull(_answer("pain_now"), True)),
                name="pain_is_a_number",
            ),
        ]
        indexes = [
            models.Index(
                fields=["episode", "effective_at", "client_id"],
                include=["status", "withdrawn_at"],  # what silence counts stands in the index alone
                name="check_in_history",
            )
        ]

    def __str__(self) -> str:
        return f"check-in {self.client_id}"

    @property
    def completed(self) -> bool:
        return self.status == self.Status.COMPLETED


class CheckInRevision(Report):
    """A superseded revision of a check-in, as it was. Never changed, never erased."""

    class Reason(models.TextChoices):
        CORRECTED = "corrected", "Corrected"
        FINISHED = "finished", "Finished"

    clinic = clinic_of_parent()
    episode = held(Episode, related_name="+", db_index=False)
    check_in = held(CheckIn, related_name="revisions", db_index=False)
    superseded_at = models.DateTimeField()
    reason = models.CharField(max_length=12, choices=Reason, help_text="Why the next revision came")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_in", "revision"], name="revision_once_per_check_in"),
        ]

    def __str__(self) -> str:
        return f"revision {self.revision} of check-in {self.check_in_id}"
