"""Who stands for something at a command shows that it is they: what anybody can type is a name."""

from getpass import getpass

from django.core.management.base import CommandError

from recovery import audit, clock, second_factor
from recovery.models import User


def proved(email: str, *, command: str) -> User:
    """Asks for both factors of whoever signs in with this. Raises CommandError; the try is remembered."""
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    password = getpass("Your password: ")
    code = getpass("Six digits from your app, or a recovery code: ")
    is_right = user is not None and user.check_password(password)
    if user is None or not is_right or not second_factor.takes(user=user, typed=code, now=clock.real()):
        audit.record_account(what="failed to prove who it is", now=clock.now(), email=email, command=command)
        raise CommandError(f"Password or code is wrong, or nobody signs in with {email}: nothing was done.")
    return user
