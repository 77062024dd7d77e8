"""When it was done, where the patient recovers, and when they agreed: the times of an enrolment."""

from datetime import date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms

from recovery import enrolment
from recovery.dashboard.forms.questions import CHOOSE
from recovery.dashboard.forms.written import Day, Time

PLACES = {
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
}  # fmt: skip
ZONES = sorted(name for name in enrolment.time_zones() if name.partition("/")[0] in PLACES)


class Times(forms.Form):
    procedure_on = Day(label="Day", error_messages={"required": "Say on which day it was done."})
    procedure_time = Time(label="Time when it ended", required=False)
    time_unknown = forms.BooleanField(label="Only the day is known", required=False)
    time_zone = forms.ChoiceField(
        label="Time zone where the patient recovers",
        error_messages=CHOOSE,
    )
    consent_on = Day(label="Agreed on", error_messages={"required": "Say on which day."})
    consent_time = Time(label="Time of consent", error_messages={"required": "Say at what time."})

    def offer_zones(self, usual: ZoneInfo) -> None:
        names = ZONES if usual.key in ZONES else [usual.key, *ZONES]
        choices = [(name, name.replace("_", " ")) for name in names]
        cast(forms.ChoiceField, self.fields["time_zone"]).choices = choices

    def check_times(self, cleaned: dict[str, Any], *, zone: ZoneInfo, now: datetime) -> None:
        """Times are typed in the zone of the team's clinic. Of a day alone, the day where the patient is counts."""
        day, clock = cleaned.get("procedure_on"), cleaned.get("procedure_time")
        if day and "procedure_time" in cleaned:
            if clock and cleaned.get("time_unknown"):
                self.add_error("time_unknown", "A time is written beside it. Take one of the two away.")
            elif clock:
                self._instant("procedure_time", "procedure_at", day, clock, zone)
            elif not cleaned.get("time_unknown"):
                self.add_error("procedure_time", "Say when it ended, or tick “Only the day is known”.")
            elif place := cleaned.get("time_zone"):
                cleaned["procedure_at"] = datetime.combine(day, time(0), tzinfo=ZoneInfo(place))
            if at := cleaned.get("procedure_at"):
                trouble = enrolment.procedure_trouble(at, now=now)
                if trouble:
                    self.add_error("procedure_on", trouble)
        day, clock = cleaned.get("consent_on"), cleaned.get("consent_time")
        if day and clock:
            self._instant("consent_time", "consent_at", day, clock, zone)
            at = cleaned.get("consent_at")
            if at and at > now:
                self.add_error(
                    "consent_on", "Nobody can have agreed later than now. Check the day and the time."
                )
            elif at and (trouble := enrolment.consent_trouble(at, now=now)):
                self.add_error("consent_on", trouble)

    def _instant(self, field: str, name: str, day: date, clock: time, zone: ZoneInfo) -> None:
        try:
            self.cleaned_data[name] = enrolment.instant_of(day, clock, zone)
        except ValueError as problem:
            self.add_error(field, str(problem))
