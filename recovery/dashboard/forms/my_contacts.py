"""What a colleague types about where they are told."""

from collections.abc import Sequence
from typing import Any

from django import forms

from recovery.dashboard.forms.questions import CHOOSE
from recovery.models import Clinic, Contact

WRITE = {"required": "Write where to.", "max_length": "That is too long for an address."}
HINTS = {
    Contact.Channel.EMAIL: "an e-mail address, such as ben@clinic.example",
    Contact.Channel.SMS: "a mobile number with its country, such as +44 7700 900123",
    Contact.Channel.WEBHOOK: "for machines: an address that begins with https://",
}


class AddForm(forms.Form):
    """`clinics` are those that they work for; where there is one alone, it is not asked for."""

    use_required_attribute = False
    field_order = ("channel", "address", "clinic")

    address = forms.CharField(
        label="Where?",
        max_length=500,
        strip=True,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages=WRITE,
    )

    def __init__(
        self, *args: Any, clinics: Sequence[Clinic], channels: Sequence[Contact.Channel], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._clinics = {str(clinic.uuid): clinic for clinic in clinics}
        ways = [(channel.value, channel.label) for channel in channels]
        self.fields["channel"] = forms.ChoiceField(
            label="How?", choices=ways, widget=forms.RadioSelect, error_messages=CHOOSE
        )
        self.fields["address"].help_text = (
            "; or ".join(HINTS[channel] for channel in channels).capitalize() + "."
        )
        if len(clinics) > 1:
            named = [(uuid, clinic.name) for uuid, clinic in self._clinics.items()]
            self.fields["clinic"] = forms.ChoiceField(
                label="For which clinic?", choices=named, widget=forms.RadioSelect, error_messages=CHOOSE
            )
        self.order_fields(self.field_order)

    @property
    def clinic(self) -> Clinic:
        only = next(iter(self._clinics))
        return self._clinics[self.cleaned_data.get("clinic", only)]


class CodeForm(forms.Form):
    use_required_attribute = False

    code = forms.CharField(
        label="Code that was sent there",
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={
            "required": "Write the code, such as K7QM-2XPD.",
            "max_length": "The code has eight letters.",
        },
    )
