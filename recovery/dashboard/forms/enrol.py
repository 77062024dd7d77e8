"""What a coordinator fills in to enrol a patient. Whatever is usual stands there already; nothing clinical does."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from recovery import enrolment
from recovery.clinical.protocol import Protocol
from recovery.dashboard.forms.before import Before
from recovery.dashboard.forms.contacts import HowToCall
from recovery.dashboard.forms.enrol_times import Times
from recovery.dashboard.forms.identity import WhoItIs
from recovery.dashboard.forms.questions import CHOOSE, NONE_OF_THESE
from recovery.dashboard.forms.reminders import HowToRemind
from recovery.dashboard.forms.reminders import initial_of as how_to_remind
from recovery.dashboard.forms.written import OFF
from recovery.models import CareTeam, Episode, Preferences

WORKED_OUT = "age_65_plus"


class EnrolForm(Times, Before, HowToRemind, HowToCall, WhoItIs):
    field_order = (
        "name", "hospital_number", "born_on", "phone", "language", "procedure", "levels", "procedure_on",
        "procedure_time", "time_unknown", "time_zone", "risk_factors", "blood_thinner_restart_h", "no_baseline",
    )  # fmt: skip

    procedure = forms.ChoiceField(
        label="What was done?",
        choices=Episode.Procedure.choices,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    risk_factors = forms.MultipleChoiceField(
        label="Which of these does the patient have?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick what the patient has, or “None of these”."},
    )
    blood_thinner_restart_h = forms.DecimalField(
        label="If on a blood thinner: planned to start again, hours after the procedure",
        help_text="As the prescriber ordered. Leave it empty if that is not decided.",
        required=False,
        max_digits=7,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"} | OFF),
        error_messages={"invalid": "Write hours as a number, such as 24."},
    )

    consent = forms.BooleanField(
        label="The patient agreed to be monitored, and to the care team reading what is reported",
        error_messages={"required": "Nobody is enrolled without having agreed."},
    )
    team = forms.ChoiceField(label="Care team", error_messages=CHOOSE)
    sure = forms.BooleanField(label="I have checked: it is right as I typed it", required=False)

    def __init__(
        self,
        typed: QueryDict | None = None,
        *,
        teams: Sequence[CareTeam],
        protocol: Protocol,
        zone: ZoneInfo,
        now: datetime,
        **options: Any,
    ) -> None:
        local = now.astimezone(zone)
        usual = how_to_remind(Preferences()) | {
            "language": "en",
            "procedure_on": local.date(),
            "time_zone": zone.key,
            "call_first": enrolment.CALL_FIRST.PATIENT,
            "consent_on": local.date(),
            "consent_time": local.time(),
            "team": str(teams[0].uuid) if len(teams) == 1 else "",
        }
        super().__init__(typed, initial=usual, **options)
        self.teams, self._zone, self._now = teams, zone, now
        self.offer_zones(zone)
        choices = [("", "Choose a team")] if len(teams) > 1 else []
        choices += [(str(team.uuid), team.name) for team in teams]
        cast(forms.ChoiceField, self.fields["team"]).choices = choices
        risks = [*_risks(protocol), (NONE_OF_THESE, "None of these")]
        cast(forms.ChoiceField, self.fields["risk_factors"]).choices = risks
        self.ask(protocol)

    @property
    def who(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "hospital_number", "born_on", "phone", "language")]

    @property
    def calls(self) -> list[forms.BoundField]:
        return [self[name] for name in ("caregiver_name", "caregiver_phone", "call_first", "call_notes")]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if team := self._chosen(cleaned):
            self._zone = ZoneInfo(team.clinic.time_zone)
        self._check_birthday(cleaned)
        self.check_times(cleaned, zone=self._zone, now=self._now)
        chosen = cleaned.get("risk_factors") or []
        if NONE_OF_THESE in chosen and len(chosen) > 1:
            self.add_error("risk_factors", "Choose either some of them or none of these.")
        self.check_before(cleaned)
        return cleaned

    def order(self) -> Mapping[str, Any]:
        """What the operation is told."""
        said = self.cleaned_data
        baseline = self.answers_in(said)
        return {
            "team": self._chosen(said),
            "patient": enrolment.NewPatient(
                **{name: said[name] for name in ("name", "born_on", "hospital_number", *enrolment.CONTACT)}
            ),
            "procedure": said["procedure"],
            "procedure_at": said["procedure_at"],
            "time_estimated": said["time_unknown"],
            "time_zone": said["time_zone"],
            "levels": said["levels"] or [],
            "risk_factors": sorted(
                set(said["risk_factors"]) - {NONE_OF_THESE}
                | enrolment.risks_worked_out(
                    born_on=said["born_on"], procedure_on=said["procedure_on"], levels=said["levels"] or []
                )
            ),
            "blood_thinner_restart_h": said["blood_thinner_restart_h"],
            "baseline": baseline or None,
            "baseline_at": min(said["procedure_at"], self._now) if baseline else None,
            "consent_wording": enrolment.CONSENT,
            "consent_at": said["consent_at"],
            "reminders": self.chosen(),
            "sure": said["sure"],
        }

    def refuse(self, refusal: enrolment.EnrolmentRefused) -> None:
        """Put what the operation said beside the field that it is about."""
        field = refusal.extra.get("field")
        if field in self.fields:
            self.add_error(field, refusal.message)

    @property
    def clinic_zones(self) -> set[str]:
        return {team.clinic.time_zone for team in self.teams}

    def _chosen(self, cleaned: Mapping[str, Any]) -> CareTeam | None:
        return next((team for team in self.teams if str(team.uuid) == cleaned.get("team")), None)

    def _check_birthday(self, cleaned: Mapping[str, Any]) -> None:
        if born_on := cleaned.get("born_on"):
            try:
                enrolment.check_birthday(born_on, today=self._now.astimezone(self._zone).date())
            except ValueError as problem:
                self.add_error("born_on", str(problem))


def _risks(protocol: Protocol) -> list[tuple[str, str]]:
    """The checklist, without what follows from the date of birth."""
    return [
        (risk.id, f"{risk.label[:1].upper()}{risk.label[1:]}{f' ({risk.help})' if risk.help else ''}")
        for risk in protocol.risk_factors.values()
        if risk.id != WORKED_OUT
    ]
