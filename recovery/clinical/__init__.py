"""The clinical core: pure functions from what a patient reported to what it means.

No Django, no clock, no network; the only input besides arguments is the signed protocol document.
"""
