"""Two doctors stand for what a protocol changes. Until then nobody is enrolled under it."""

import hashlib
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count

from recovery import audit
from recovery.clinical.protocol import PROTOCOLS, Protocol, get, load
from recovery.errors import Refused
from recovery.models import Membership, ProtocolApproval, ProtocolReplay, User
from recovery.sign_off.replaying import replay

NEEDED = 2

FIRST = {"vk-default/1": "a2c0cceb62f4376c8be6b128e2a8c54c575d62f24b40a9e0a6f9f6e42d8da7ae"}
"""What the service was born with: reviewed before there was anything to replay. By the digest of its document."""


class SignOffRefused(Refused):
    code = "sign_off_refused"


class NotSignedOff(Refused):
    code = "protocol_not_signed_off"


def read(version_or_path: str) -> tuple[Protocol, str]:
    """A protocol and the digest of its document. Raises SignOffRefused when there is none."""
    path = _path(version_or_path)
    try:
        return load(path), _digest(path)
    except OSError:
        raise SignOffRefused(f"There is no protocol {version_or_path}.") from None


def compare(*, old: str, new: str, last: int, now: datetime) -> ProtocolReplay:
    """Replay, and keep the difference: it is what is approved. Judging takes its time, and holds nothing meanwhile."""
    (was, old_digest), (becomes, new_digest) = read(old), read(new)
    if old_digest == new_digest:
        raise SignOffRefused("These are the same document.")
    if last < 1:
        raise SignOffRefused("At least one check-in is judged.")
    difference = replay(was, becomes, last=last)
    with transaction.atomic():
        kept = ProtocolReplay.objects.create(
            old=was.version, old_digest=old_digest, new=becomes.version, new_digest=new_digest, made_at=now,
            judged=difference.judged, difference=difference.document(),
        )  # fmt: skip
        audit.record(what="replayed protocol", now=now, subject=kept, old=was.version, new=becomes.version)
    return kept


@transaction.atomic
def approve(*, replay_id: UUID, by: User, now: datetime) -> int:
    """How many have approved it now. The caller has made sure who it is, by both factors."""
    kept = ProtocolReplay.objects.get(uuid=replay_id)
    if not by.memberships.filter(ended_at=None, role=Membership.Role.DOCTOR).exists() or not by.is_active:
        raise SignOffRefused("Only a doctor can stand for it.")
    try:
        with transaction.atomic():
            ProtocolApproval.objects.create(replay=kept, user=by, approved_at=now)
    except IntegrityError:
        raise SignOffRefused("You have approved it already: somebody else has to.") from None
    audit.record(
        what="approved protocol", now=now, user=by, subject=kept, protocol=kept.new, document=kept.new_digest
    )
    return kept.approvals.count()


def check_in_use(version: str) -> None:
    """Raises NotSignedOff for a protocol that nobody may be enrolled under: two have not approved one and the same
    difference of it as it is now.

    It is asked for each patient of a list. The digest says enough: what has one that was approved was read then.
    """
    get(version)
    digest = _digest(_path(version))
    if FIRST.get(version) == digest:
        return
    approved = ProtocolApproval.objects.filter(replay__new=version, replay__new_digest=digest).values(
        "replay"
    )
    if not approved.annotate(by=Count("pk")).filter(by__gte=NEEDED).exists():
        raise NotSignedOff(
            f"The protocol {version} was not approved by two doctors as it is now. See `manage.py replay_protocol`."
        )


def _path(version_or_path: str) -> Path:
    path = Path(version_or_path)
    if path.suffix in (".yaml", ".yml"):
        return path
    name, _, number = version_or_path.partition("/")
    return PROTOCOLS / f"{name}-{number}.yaml"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
