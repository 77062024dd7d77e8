"""What a phone is told. These models are the answers and their documentation at once."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Urgency = Literal["none", "routine", "within_24h", "same_day", "emergency"]


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def json_bytes(self) -> bytes:
        """The same document gives the same bytes."""
        return self.model_dump_json(exclude_unset=True).encode()


class Complaint(Document):
    """What is wrong at one place of the body or the query. The value that was sent is not repeated."""

    place: str = Field(description="For example `answers.pain_where[1]`")
    code: str
    detail: str


class Line(Document):
    """What was found, in words for the patient."""

    rule: str
    text: str


class ProblemDocument(Document):
    """A refusal (RFC 9457). `code` decides what the phone does."""

    type: str = Field(description="Where the code is explained")
    title: str
    status: int
    detail: str = Field(description="What to do")
    code: str
    request_id: str
    errors: tuple[Complaint, ...]
    urgency: Urgency | None = Field(None, description="Of what could be read in a refused report")
    action: str | None = Field(None, description="Show it to the patient, then `lines`, with `footer`")
    lines: tuple[Line, ...] | None = None
    footer: str | None = None
    revision: int | None = Field(None, description="With `stale_revision`: the latest one")


class Receipt(Document):
    """A stored check-in and its verdict. Show `action`, then `lines` and `notes`, with `footer`."""

    id: UUID
    revision: int
    status: Literal["in-progress", "completed"]
    received_at: datetime
    urgency: Urgency
    action: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = Field(description="Information, for example on expected soreness")
    footer: str
    hours: float = Field(description="Since the procedure, at the instant that was judged")
    day: int = Field(description="Calendar days since the procedure in the patient's time zone")
    phase: str = Field(description="Id of the phase of the recovery, as in `/me`")


class CheckIn(Receipt):
    """A check-in as it stands: what was reported, and what is said to it now."""

    observed_at: datetime
    sent_at: datetime
    clock_suspect: bool = Field(
        description="The phone's time could not be right, so it was judged at `received_at`"
    )
    answered_by: Literal["patient", "carer", "nurse"] = Field(
        description="`nurse`: a refused report that the care team judged by hand; made by no phone"
    )
    caregiver: str | None = Field(
        description="The name of the caregiver who answered on a phone of their own; null for anybody else"
    )
    answers: dict[str, Any]
    withdrawn_at: datetime | None


class CheckInPage(Document):
    check_ins: tuple[CheckIn, ...] = Field(description="Latest felt first")
    next_cursor: str | None = Field(
        description="Send it as `cursor` for what comes after; null on the last page"
    )


class BatchResult(Document):
    """What the same check-in would have been answered by itself."""

    status: int
    body: Receipt | ProblemDocument


class BatchResults(Document):
    results: tuple[BatchResult, ...] = Field(description="One for each check-in, in the order sent")


class Seen(Document):
    at: datetime
    by: str = Field(description="Role in the care team, for example Nurse")
    name: str | None = Field(description="Null unless the clinic wants its patients to know who it was")


class Closed(Document):
    at: datetime
    outcome: str = Field(description="Code of the outcome, or `resolved` when later check-ins settled it")
    words: str = Field(description="The outcome in words for the patient")
    message: str | None = Field(
        description="What a clinician wrote or picked for the patient, with the reason. Show it as it is"
    )


class IfMissed(Document):
    """Whom to call instead. Show it as soon as `call_due_by` has passed, network or not."""

    text: str
    call: str = Field(description="The number, as people dial it")


class Alert(Document):
    """The loop: what the care team has been told, who has seen it, and by when they call."""

    id: UUID
    urgency: Urgency
    text: str = Field(description="What it is about, in words for the patient")
    received_at: datetime
    seen: Seen | None
    call_due_by: datetime | None = Field(description="Null once the patient was reached or it is closed")
    is_missed: bool = Field(description="The time has passed and nobody has reached the patient")
    if_missed: IfMissed | None = Field(description="Null where `call_due_by` is")
    tried_at: datetime | None = Field(
        description="When somebody last tried to reach the patient, and could not"
    )
    reached_at: datetime | None
    closed: Closed | None


class AlertList(Document):
    alerts: tuple[Alert, ...] = Field(description="Newest first, at most 50")


class LookingPhone(Document):
    id: UUID
    name: str = Field(description="As it was called when it joined")
    caregiver: str | None = Field(description="Who holds it, where it is not the patient's own")


class Look(Document):
    """Somebody was shown something of this recovery. Of a colleague `phone` is null; of a phone all but that."""

    at: datetime
    what: str = Field(description="In words: `opened your page`")
    role: str | None
    team: str | None
    name: str | None = Field(description="Only where the clinic tells patients the names of its staff")
    phone: LookingPhone | None


class LookPage(Document):
    looks: tuple[Look, ...] = Field(description="Latest first, of the last 120 days")
    next_cursor: str | None


class Preferences(Document):
    """How the patient wishes to be reminded of check-ins."""

    channel: Literal["none", "app", "email", "sms"]
    address_hint: str = Field(
        description="As much of the address as its owner knows again; empty when there is none"
    )
    remind_at: str = Field(description="Time of day where the patient is, such as 10:00")
    repeats: int = Field(description="How often again while nobody answers")
    quiet_from: str
    quiet_until: str = Field(description="The same as `quiet_from`: no quiet hours")
    time_zone: str
    next_reminder_at: datetime | None = Field(
        description="Unless the check-in is sent before it; null when there is none to come"
    )


class Reminder(Document):
    """Show `text`. Nothing in it tells a stranger who reads the screen what it is about."""

    id: UUID
    slot: str = Field(description="The check-in that it is about")
    due_at: datetime
    expires_at: datetime = Field(description="When the check-in is not due any more")
    text: str
    shown_at: datetime | None
    opened_at: datetime | None


class ReminderList(Document):
    reminders: tuple[Reminder, ...] = Field(
        description="Of a check-in that is due now and was not sent, oldest first; show the last one"
    )


class FormOpened(Document):
    opened_at: datetime = Field(description="As it was noted; never later than now")


class Numbers(Document):
    team_phone: str
    urgent_line: str
    emergency_number: str
    crisis_line: str


class Phase(Document):
    id: str
    name: str
    expect: str = Field(description="What is normal now")
    advice: str


class Slot(Document):
    id: str
    opens_at: datetime
    closes_at: datetime
    open_now: bool


class EpisodeDocument(Document):
    id: UUID
    procedure: Literal["vertebroplasty", "kyphoplasty"]
    procedure_at: datetime
    time_estimated: bool = Field(description="Only the date of the procedure is known")
    time_zone: str
    status: Literal["active", "paused", "ended"]
    protocol: str


class PatientDocument(Document):
    first_name: str


class Holder(Document):
    """The caregiver whose phone it is. What `scope` does not hold is answered 403 `not_shared`, or left out."""

    id: UUID
    name: str
    scope: Literal["report", "read"] = Field(
        description="`report`: sends check-ins, reads own ones. `read`: reads those of the patient, too"
    )


class RedFlagCard(Document):
    """To be shown on every screen."""

    title: str
    text: str


class Me(Document):
    patient: PatientDocument
    caregiver: Holder | None = Field(description="Null on the patient's own phone")
    episode: EpisodeDocument
    hours: float
    day: int
    phase: Phase
    next_slot: Slot | None = Field(
        description="The open one, unless a completed check-in fills it already; else the next to open"
    )
    done_for_now: bool = Field(description="A completed check-in fills the slot that is open now")
    missed: tuple[Line, ...] = Field(description="While a check-in is missed: what to tell the patient")
    numbers: Numbers
    red_flag_card: RedFlagCard
    footer: str


class DeviceDocument(Document):
    id: UUID
    name: str


class Enrolled(Document):
    """The token is shown this once. Whoever holds it reports for this patient: keep it in the phone's key store."""

    device_token: str
    device: DeviceDocument
    patient: PatientDocument
    caregiver: Holder | None = Field(description="Null on the patient's own phone")
    episode: EpisodeDocument


class Caregiver(Holder):
    """Somebody whom the patient lets help, on phones of their own."""

    relation: str
    phone: str
    since: datetime
    granted_by: Literal["patient", "care_team"] = Field(
        description="`care_team`: they wrote down what the patient said"
    )


class Agreement(Document):
    """What the patient agrees to, sentence by sentence. Put the name where `{name}` stands, and show all of it."""

    version: str
    report: tuple[str, ...]
    read: tuple[str, ...]


class CaregiverList(Document):
    caregivers: tuple[Caregiver, ...] = Field(description="The first to help first")
    most: int = Field(description="So many at once")
    agreement: Agreement


class CaregiverCode(Document):
    """For the caregiver's phone. It is shown this once: who lost it gets another."""

    caregiver: Caregiver
    code: str
    expires_at: datetime


class PhoneDocument(Document):
    id: UUID
    name: str
    platform: str
    joined_at: datetime
    last_report_at: datetime | None
    caregiver: str | None = Field(description="Whose it is; null for the patient's own")
    is_this_one: bool


class PhoneList(Document):
    phones: tuple[PhoneDocument, ...] = Field(description="Those that may report, the first to join first")


class Value(Document):
    code: str
    label: str
    help: str
    alarm: bool = Field(description="May be asked as one of 'do you have any of these?'")


class TemperatureRange(Document):
    unit: Literal["C", "F"]
    low: float
    high: float


class Item(Document):
    """One question. `null` or left out means not answered, never 'no'."""

    id: str = Field(description="The key in `answers`")
    kind: Literal["choice", "choices", "integer", "temperature", "text"]
    text: str
    help: str
    values: tuple[Value, ...]
    required: bool = Field(description="For a completed check-in")
    low: int | None
    high: int | None
    ranges: tuple[TemperatureRange, ...] = Field(description="What the form accepts in each unit")
    max_length: int | None
    show_when: dict[str, tuple[str, ...]] | None = Field(description="Ask only after one of these answers")
    not_asked_after_h: float | None


class QuestionnairePage(Document):
    id: str
    title: str
    items: tuple[Item, ...]


class Questionnaire(Document):
    """What to ask at this hour."""

    protocol: str
    hours: float
    pages: tuple[QuestionnairePage, ...]
    required_groups: tuple[tuple[str, ...], ...] = Field(
        description="Of each group at least one answer is required"
    )
    emergency_screen: dict[str, Any] = Field(
        description="Condition on the answers; while it holds, show the emergency action at once, network or not"
    )
    emergency_action: str
    emergency_if: tuple[str, ...] = Field(
        description='When to call at once, in words that end "Call ... now if"; show them on every page'
    )


class ProblemKind(Document):
    """What a code means, and what to do."""

    code: str
    status: int
    title: str
    detail: str
