from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffAccounts(DefaultAccountAdapter):
    """Staff accounts are made by an administrator. Nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
