"""What the provider of text messages posts to us: what became of one. Who cannot sign it learns nothing, not even
whether there is such a message."""

import logging
import secrets
from urllib.parse import parse_qsl
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from recovery import clock, tenancy
from recovery.notifications import receipts
from recovery.notifications.channels import sms

log = logging.getLogger(__name__)

LONGEST = 16_384
MOST_FIELDS = 100


@csrf_exempt
@never_cache
@require_POST
def sms_status(request: HttpRequest, key: UUID) -> HttpResponse:
    """204 to whatever is signed, be it known, new, or neither; 401 to anything else."""
    said = _signed_fields(request, key)
    if said is None:
        return HttpResponse(status=401)
    tenancy.enter(tenancy.by_message(str(key)))
    code = said.get("ErrorCode", "")
    receipts.take(
        key,
        said.get("MessageStatus", ""),
        provider_id=said.get("MessageSid", "")[:200],
        code=f"sms-{code}" if code.isdecimal() and len(code) <= 10 else "undelivered",
        now=clock.now(),
    )
    return HttpResponse(status=204)


def _signed_fields(request: HttpRequest, key: UUID) -> dict[str, str] | None:
    """The address that was signed is the one that we gave, however the proxy before us writes it."""
    given = request.headers.get("X-Twilio-Signature", "")
    if not sms.is_there() or not given.isascii() or int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST:
        return None
    try:
        body = request.read(LONGEST).decode("utf-8")
        pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS)
    except (UnreadablePostError, ValueError):
        return None
    fields = dict(pairs)
    right = sms.signature(sms.callback(str(key)), fields, settings.TWILIO_AUTH_TOKEN)
    if len(fields) < len(pairs) or not secrets.compare_digest(given, right):
        return None
    return fields
