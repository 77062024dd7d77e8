"""From which day to which something is asked for."""

from datetime import date

from django import forms


def _day(label: str) -> forms.DateField:
    wrong = "Write a day as year, month and day: 2026-03-02."
    return forms.DateField(
        label=label,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off"}),
        error_messages={"required": wrong, "invalid": wrong},
    )


class DaysForm(forms.Form):
    """Both days count. They stand in the address, so that a page can be kept and shared."""

    use_required_attribute = False
    most_days = 366

    today: date
    """Set by whoever makes the form."""

    first = _day("First day")
    last = _day("Last day")

    def clean_first(self) -> date:
        first: date = self.cleaned_data["first"]
        if first.year < 2000:
            raise forms.ValidationError("There is nothing from before 2000. Choose a later day.")
        return first

    def clean_last(self) -> date:
        last: date = self.cleaned_data["last"]
        first: date | None = self.cleaned_data.get("first")
        if last > self.today:
            raise forms.ValidationError("This day has not come yet. Choose today or an earlier one.")
        if first is not None and last < first:
            raise forms.ValidationError("The last day lies before the first. Choose a later one.")
        if first is not None and (last - first).days >= self.most_days:
            raise forms.ValidationError(
                f"At most {self.most_days} days at a time. Choose days closer together."
            )
        return last
