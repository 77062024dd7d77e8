"""The page about one's own account."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator

from recovery import access, asking, passkeys, second_factor, sessions, staff
from recovery.dashboard.wording import span
from recovery.models import StaffSession, User

FEW_CODES = 3

BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Browser:
    id: UUID
    name: str
    last: str
    began: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class Passkey:
    id: UUID
    name: str
    since: datetime
    last: str


@dataclass(frozen=True, slots=True)
class Security:
    app_since: datetime | None
    passkeys: list[Passkey]
    codes_left: int
    browsers: list[Browser]
    roles: list[str]
    administers: bool

    @property
    def few_codes(self) -> bool:
        return self.codes_left < FEW_CODES

    @property
    def may_remove(self) -> bool:
        """The last second factor stays."""
        return self.app_since is not None or len(self.passkeys) > 1

    @property
    def elsewhere(self) -> bool:
        return any(not browser.is_this for browser in self.browsers)


def show(user: User, key: str, now: datetime) -> Security:
    app = second_factor.app_of(user)
    return Security(
        app_since=app.created_at if app else None,
        passkeys=[_passkey(key, now) for key in passkeys.of(user)],
        codes_left=second_factor.codes_left(user),
        browsers=[_browser(row, key, now) for row in sessions.of(user, now)],
        roles=staff.roles_of(user),
        administers=access.memberships(user).filter(role=staff.ADMIN).exists(),
    )


def _passkey(key: Authenticator, now: datetime) -> Passkey:
    last = f"used {_ago(now - key.last_used_at)}" if key.last_used_at else "not used yet"
    return Passkey(id=UUID(key.data["uuid"]), name=key.data["name"], since=key.created_at, last=last)


def _browser(row: StaffSession, key: str, now: datetime) -> Browser:
    return Browser(
        id=row.uuid,
        name=_name(row.get_decoded().get("device", "")),
        last=_ago(now - row.seen_at),
        began=_ago(now - row.began_at),
        is_this=row.session_key == asking.name_for(key),
    )


def _ago(since: timedelta) -> str:
    return "a moment ago" if since.total_seconds() < 60 else f"{span(since)} ago"


def _name(agent: str) -> str:
    """What a browser says of itself, in two words; what it says is never shown."""
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), "A browser")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    return f"{browser} on {system}" if system else browser
