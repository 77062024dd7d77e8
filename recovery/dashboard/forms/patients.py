"""What a colleague types to find a patient. It is sent as a form and never stands in an address."""

from django import forms


class FindForm(forms.Form):
    use_required_attribute = False

    words = forms.CharField(
        label="Name, hospital number or date of birth",
        help_text="For example: Whitfield, or H000012, or 12 April 1950, or 12/04/1950.",
        min_length=2,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search", "spellcheck": "false"}),
        error_messages={
            "required": "Type a name, a hospital number or a date of birth.",
            "min_length": "Type at least two letters or digits.",
        },
    )
