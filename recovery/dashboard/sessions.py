"""Django's sessions in a table of ours: with an idle limit and a longest time, listed, and ended one by one.

A session over its limit is not there for anybody who asks: neither a page, nor the board's poll, nor a program.

Who has a copy of the database can neither use a session nor read it. It stands there under a name that is made of the
key in the browser's cookie, and not the other way round; and what is in it is sealed: a press that waits for the
password stands there with what was typed, and an invitation with its link.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

from recovery import asking, clock, sealing, sessions
from recovery.models import StaffSession


class SessionStore(DatabaseSessions):
    _row: StaffSession | None = None

    @classmethod
    def get_model_class(cls) -> type[StaffSession]:
        return StaffSession

    def encode(self, session_dict: dict[str, Any]) -> str:
        return sealing.seal(super().encode(session_dict))

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Also of one that began before they were sealed."""
        with suppress(sealing.CannotUnseal):
            session_data = sealing.unseal(str(session_data))
        found: dict[str, Any] = super().decode(session_data)
        return found

    def _get_session_from_db(self) -> StaffSession | None:
        name, now = asking.name_for(self.session_key), clock.real()
        row = sessions.named(name, now)
        if row is not None and sessions.is_over(row, now):
            sessions.end_if_over(name=name, real=now, now=clock.now())
            row = None
        if row is None:
            self._session_key = None
        self._row = row
        return row

    def exists(self, session_key: str) -> bool:
        return bool(super().exists(asking.name_for(session_key)))

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(asking.name_for(key))

    def create_model_instance(self, data: dict[str, Any]) -> StaffSession:
        """Whose it is follows from what is in it. Signing in begins it anew; all else leaves its times alone, also what
        gives it another key: a new password, a second factor."""
        row = super().create_model_instance(data)
        assert isinstance(row, StaffSession)
        row.session_key = asking.name_for(row.session_key)
        now, user_id = clock.real(), int(data[SESSION_KEY]) if SESSION_KEY in data else None
        was = self._row if self._row is not None and self._row.user_id == user_id else None
        row.began_at, row.seen_at = (was.began_at, was.seen_at) if was else (now, now)
        row.uuid = was.uuid if was and was.session_key == row.session_key else uuid4()
        row.user_id, row.expire_date = user_id, row.began_at + sessions.LONGEST
        row.is_whole = sessions.is_whole(data)
        self._row = row
        return row

    # Django's own would take the name for the key.

    async def _aget_session_from_db(self) -> StaffSession | None:
        return await sync_to_async(self._get_session_from_db)()

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)

    async def acreate_model_instance(self, data: dict[str, Any]) -> StaffSession:
        return await sync_to_async(self.create_model_instance)(data)

    def began_lately(self, now: datetime) -> bool:
        """Whether they gave both factors a moment ago."""
        return sessions.is_whole(self) and self._row is not None and sessions.is_fresh(self._row, now)

    def note_deed(self, now: datetime) -> None:
        """Whoever is signed in has done something."""
        if self.get(SESSION_KEY) is None or self._row is None:
            return
        if sessions.noted(name=self._row.session_key, seen_at=self._row.seen_at, now=now):
            self._row.seen_at = now
