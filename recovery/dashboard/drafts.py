"""What is half-written in a form is kept in the tab it is written in, sealed; nothing of it reaches the server before
it is sent (docs/adr/0018, static/dashboard/js/drafts.js)."""

import base64

from django.utils.crypto import salted_hmac

from recovery.models import User


def key_of(user: User) -> str:
    """The key that this person's drafts are sealed with: 256 bits in base64, in no page but their own. Who signs in at
    the same computer after them can open nothing."""
    return base64.b64encode(
        salted_hmac("recovery: drafts", str(user.uuid), algorithm="sha256").digest()
    ).decode()
