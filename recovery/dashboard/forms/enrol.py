"""What a coordinator fills in to enrol a patient. Whatever is usual stands there already; nothing clinical does."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from recovery import enrolment
from recovery.clinical.protocol import Protocol
from recovery.dashboard.forms.contacts import HowToCall
from recovery.dashboard.forms.questions import CHOOSE, NONE_OF_THESE, answer_of, check_answer, fields_of
from recovery.dashboard.forms.written import OFF, Day, Time, line
from recovery.models import CareTeam, Episode

PLACES = {
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
}  # fmt: skip
ZONES = sorted(name for name in enrolment.time_zones() if name.partition("/")[0] in PLACES)
WORKED_OUT = "age_65_plus"


class EnrolForm(HowToCall):
    field_order = (
        "name",
        "hospital_number",
        "born_on",
        "phone",
        "language",
        "procedure",
        "levels",
        "procedure_on",
    )

    name = line("Name", enrolment.name_of, missing="Write first name and family name.")
    hospital_number = line(
        "Hospital number",
        enrolment.number_of,
        missing="Write the number on the wristband.",
        attrs={"spellcheck": "false", "autocapitalize": "characters"},
    )
    born_on = Day(label="Date of birth", error_messages={"required": "Say when the patient was born."})

    procedure = forms.ChoiceField(
        label="What was done?",
        choices=Episode.Procedure.choices,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    levels = line(
        "Vertebrae treated",
        enrolment.levels_of,
        help_text="For example: T12, L1. Leave it empty if you do not know.",
        max_length=100,
        attrs={"spellcheck": "false", "autocapitalize": "characters"},
    )
    procedure_on = Day(label="Day", error_messages={"required": "Say on which day it was done."})
    procedure_time = Time(label="Time when it ended", required=False)
    time_unknown = forms.BooleanField(label="Only the day is known", required=False)
    time_zone = forms.ChoiceField(
        label="Time zone where the patient recovers",
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

    no_baseline = forms.BooleanField(label="Nobody asked before the procedure", required=False)

    consent = forms.BooleanField(
        label="The patient agreed to be monitored, and to the care team reading what is reported",
        error_messages={"required": "Nobody is enrolled without having agreed."},
    )
    consent_on = Day(label="Agreed on", error_messages={"required": "Say on which day."})
    consent_time = Time(label="Time of consent", error_messages={"required": "Say at what time."})
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
        usual = {
            "language": "en",
            "procedure_on": local.date(),
            "time_zone": zone.key,
            "call_first": enrolment.CALL_FIRST.PATIENT,
            "consent_on": local.date(),
            "consent_time": local.time(),
            "team": str(teams[0].uuid) if len(teams) == 1 else "",
        }
        super().__init__(typed, initial=usual, **options)
        self.teams, self._protocol, self._zone, self._now = teams, protocol, zone, now
        zones = ZONES if zone.key in ZONES else [zone.key, *ZONES]
        cast(forms.ChoiceField, self.fields["time_zone"]).choices = [
            (name, name.replace("_", " ")) for name in zones
        ]
        choices = [("", "Choose a team")] if len(teams) > 1 else []
        choices += [(str(team.uuid), team.name) for team in teams]
        cast(forms.ChoiceField, self.fields["team"]).choices = choices
        risks = [*_risks(protocol), (NONE_OF_THESE, "None of these")]
        cast(forms.ChoiceField, self.fields["risk_factors"]).choices = risks
        for item in protocol.baseline_form.values():
            self.fields |= fields_of(item)

    @property
    def who(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "hospital_number", "born_on", "phone", "language")]

    @property
    def calls(self) -> list[forms.BoundField]:
        return [self[name] for name in ("caregiver_name", "caregiver_phone", "call_first", "call_notes")]

    @property
    def baseline(self) -> list[list[forms.BoundField]]:
        """The questions of the form before the procedure, as fields: each with those that follow from it."""
        questions: list[list[forms.BoundField]] = []
        for item in self._protocol.baseline_form.values():
            fields = [self[name] for name in fields_of(item)]
            if item.show_when and questions:
                questions[-1] += fields
            else:
                questions.append(fields)
        return questions

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if team := self._chosen(cleaned):
            self._zone = ZoneInfo(team.clinic.time_zone)
        self._check_birthday(cleaned)
        self._check_times(cleaned)
        chosen = cleaned.get("risk_factors") or []
        if NONE_OF_THESE in chosen and len(chosen) > 1:
            self.add_error("risk_factors", "Choose either some of them or none of these.")
        for item in self._protocol.baseline_form.values():
            check_answer(self, item, cleaned)
        answered = bool(self._answers(cleaned))
        if answered and cleaned.get("no_baseline"):
            self.add_error(
                "no_baseline", "Something is filled in below. Take it back, or take this tick away."
            )
        elif not answered and not cleaned.get("no_baseline"):
            self.add_error("no_baseline", "Fill in the questions below, or tick this.")
        return cleaned

    def order(self) -> Mapping[str, Any]:
        """What the operation is told."""
        said = self.cleaned_data
        people = (
            "name",
            "born_on",
            "hospital_number",
            "phone",
            "language",
            "caregiver_name",
            "caregiver_phone",
        )
        baseline = self._answers(said)
        return {
            "team": self._chosen(said),
            "patient": enrolment.NewPatient(
                **{name: said[name] for name in (*people, "call_first", "call_notes")}
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

    def _answers(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Of the form before the procedure. What follows from an answer that was not given says nothing."""
        given: dict[str, Any] = {}
        for item in self._protocol.baseline_form.values():
            if item.kind == "temperature" and not cleaned.get(f"{item.link_id}-unit"):
                continue
            if item.show_when and given.get(item.show_when.link_id) not in item.show_when.codes:
                continue
            answer = answer_of(item, cleaned)
            if answer is not None:
                given[item.link_id] = answer
        return given

    def _check_birthday(self, cleaned: Mapping[str, Any]) -> None:
        if born_on := cleaned.get("born_on"):
            try:
                enrolment.check_birthday(born_on, today=self._now.astimezone(self._zone).date())
            except ValueError as problem:
                self.add_error("born_on", str(problem))

    def _check_times(self, cleaned: dict[str, Any]) -> None:
        """Times are typed in the zone of the team's clinic. Of a day alone, the day where the patient is counts."""
        day, clock = cleaned.get("procedure_on"), cleaned.get("procedure_time")
        if day and "procedure_time" in cleaned:
            if clock and cleaned.get("time_unknown"):
                self.add_error("time_unknown", "A time is written beside it. Take one of the two away.")
            elif clock:
                self._instant("procedure_time", "procedure_at", day, clock, self._zone)
            elif not cleaned.get("time_unknown"):
                self.add_error("procedure_time", "Say when it ended, or tick “Only the day is known”.")
            elif zone := cleaned.get("time_zone"):
                cleaned["procedure_at"] = datetime.combine(day, time(0), tzinfo=ZoneInfo(zone))
            if at := cleaned.get("procedure_at"):
                trouble = enrolment.procedure_trouble(at, now=self._now)
                if trouble:
                    self.add_error("procedure_on", trouble)
        day, clock = cleaned.get("consent_on"), cleaned.get("consent_time")
        if day and clock:
            self._instant("consent_time", "consent_at", day, clock, self._zone)
            if (at := cleaned.get("consent_at")) and at > self._now:
                self.add_error(
                    "consent_on", "Nobody can have agreed later than now. Check the day and the time."
                )

    def _instant(self, field: str, name: str, day: date, clock: time, zone: ZoneInfo) -> None:
        try:
            self.cleaned_data[name] = enrolment.instant_of(day, clock, zone)
        except ValueError as problem:
            self.add_error(field, str(problem))


def _risks(protocol: Protocol) -> list[tuple[str, str]]:
    """The checklist, without what follows from the date of birth."""
    return [
        (risk.id, f"{risk.label[:1].upper()}{risk.label[1:]}{f' ({risk.help})' if risk.help else ''}")
        for risk in protocol.risk_factors.values()
        if risk.id != WORKED_OUT
    ]
