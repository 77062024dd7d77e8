"""Moves the clock on from one event to the next and makes it happen: phones over HTTP, staff by what the board does.

Celery and the watch are given the time they need before the clock goes on, but never more than a bounded one.
"""

import heapq
import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from demo import diary, memory, staff
from demo.clock import DemoClock
from demo.diary import Deed
from demo.phones import Line, Phone
from demo.staff import Team
from demo.world import Person
from recovery import enrolment
from recovery.alerts import NotAllowed
from recovery.clinical.tiers import Tier
from recovery.models import Alert, DeviceToken, Episode

CATCH_UP_S = 6.0
"""How long, in real time, the clock waits for what is owed. The watch leaves fresh work to Celery for two seconds."""

ONCE_LATE_S = 0.2
"""The same after it was in vain once, until they have caught up: a story that nobody listens to still ends."""

LOOK_EVERY_S = 0.01


class Driver:
    def __init__(
        self, *, clock: DemoClock, line: Line, teams: Sequence[Team], say: Callable[[str], None]
    ) -> None:
        self.clock, self.line, self.teams, self.say = clock, line, teams, say
        self.phones: dict[str, Phone] = {}
        """By hospital number; those that have redeemed a code at this start."""
        self.people: dict[str, Person] = {}
        self.left_alone: set[int] = set()
        """Episodes whose alerts nobody works on any more: they are there for the newcomer."""
        self.counts: Counter[str] = Counter()
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._worked_on: dict[int, int] = {}
        self._board_seen_at = datetime(2000, 1, 1, tzinfo=UTC)
        self._team_of = {team.row.pk: team for team in teams}
        self._was_late = False

    def at(self, instant: datetime, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (instant, next(self._order), event))

    def expect(self, person: Person) -> None:
        """A patient who is yet to come."""
        self.at(person.enrolled_at, lambda: self._enrol(person))

    def go_on(self, person: Person, episode: Episode) -> None:
        """A patient of an earlier start: a new code, a new token; the old phone is signed out."""
        self.people[person.hospital_number] = person
        now = self.clock.now()
        deeds = [deed for deed in diary.write(person) if deed.verb != "enrol" and deed.at > now]
        if not any(deed.verb == "redeem" for deed in deeds):
            self.sign_in(person, episode)
        self._plan(person, deeds)

    def sign_in(self, person: Person, episode: Episode) -> None:
        phone = Phone(self.line, person, self.clock.now)
        known = list(
            DeviceToken.objects.filter(episode=episode, revoked_at=None).select_related("episode__clinic")
        )
        phone.redeem(enrolment.issue_code(episode=episode, now=self.clock.now()))
        self.phones[person.hospital_number] = phone
        for device in known:
            enrolment.revoke(device=device, now=self.clock.now())

    def drive(self) -> None:
        """Until nothing is left to happen up to real time. Ends with the clock close behind it."""
        self.catch_up()
        while self._events and self._events[0][0] <= datetime.now(UTC):
            at, _, event = heapq.heappop(self._events)
            self._pass_slot_closings(at)
            self.clock.move_to(at)
            event()
            self.catch_up()
        self._pass_slot_closings(datetime.now(UTC))

    def catch_up(self) -> None:
        """Waits until nothing is owed and every message has left (an alert that was taken on is not told any more),
        then lets the staff see what is new."""
        deadline = time.monotonic() + (ONCE_LATE_S if self._was_late else CATCH_UP_S)
        while memory.is_anything_owed(self.clock.now()) or memory.is_anything_unsent():
            if time.monotonic() > deadline:
                if not self._was_late:
                    self.say("neither Celery nor the watch keeps up; going on")
                self._was_late = True
                break
            time.sleep(LOOK_EVERY_S)
        else:
            self._was_late = False
        self._look_at_board()

    def _pass_slot_closings(self, until: datetime) -> None:
        """Stops at each slot that closes empty on the way, so that it is missed on its own day."""
        seen = None
        while (closing := memory.next_slot_closing(until)) is not None and closing != seen:
            self.clock.move_to(closing + timedelta(seconds=1))
            self.catch_up()
            seen = closing

    def _enrol(self, person: Person) -> None:
        team = next(team for team in self.teams if team.world == person.clinic)
        coordinator = team.with_role("coordinator")[0]
        episode = enrolment.enrol(
            team=team.row,
            patient=enrolment.NewPatient(
                name=person.name,
                born_on=person.born_on,
                hospital_number=person.hospital_number,
                phone=person.phone,
                caregiver_name=person.caregiver,
                caregiver_phone=person.caregiver_phone,
            ),
            procedure=person.procedure,
            procedure_at=person.procedure_at,
            time_zone=person.zone,
            risk_factors=person.risk_factors,
            levels=person.levels,
            blood_thinner_restart_h=person.restart_h,
            baseline=person.baseline,
            baseline_at=person.procedure_at - timedelta(hours=2),
            consent_wording="monitoring/1",
            by=coordinator,
            now=self.clock.now(),
        )
        self.people[person.hospital_number] = person
        self.counts["patients"] += 1
        self._plan(person, [deed for deed in diary.write(person) if deed.verb != "enrol"], episode)

    def _plan(self, person: Person, deeds: list[Deed], episode: Episode | None = None) -> None:
        for deed in deeds:
            self.at(deed.at, lambda deed=deed: self._do(person, deed, episode))  # type: ignore[misc]

    def _do(self, person: Person, deed: Deed, episode: Episode | None) -> None:
        if deed.verb == "redeem":
            episode = episode or memory.running_episode(person)
            if episode is not None:
                self.sign_in(person, episode)
                self.phones[person.hospital_number].look()
            return
        phone = self.phones.get(person.hospital_number)
        if phone is not None:
            self.count(phone.do(deed))

    def count(self, answers: list[Any]) -> None:
        for answer in answers:
            if isinstance(answer, dict):
                self.counts["check-ins"] += answer.get("revision") == 1
                self.counts["refused"] += answer.get("status") == 422

    def _look_at_board(self) -> None:
        changed = Alert.objects.filter(status__in=Alert.LIVE, changed_at__gte=self._board_seen_at)
        for alert in changed.select_related("owner").order_by("changed_at", "pk"):
            self._board_seen_at = alert.changed_at
            if self._worked_on.get(alert.pk, 0) >= alert.tier or alert.team_id not in self._team_of:
                continue
            self.counts["alerts"] += alert.pk not in self._worked_on and alert.tier > Tier.ROUTINE
            self._worked_on[alert.pk] = alert.tier
            if alert.episode_id in self.left_alone:
                continue
            for move in staff.work_on(alert, self._team_of[alert.team_id], now=self.clock.now()):
                self.at(move.at, lambda move=move: self._move(move))  # type: ignore[misc]

    def _move(self, move: staff.Move) -> None:
        if self._worked_on[move.alert_id] != move.tier:
            return  # it was raised meanwhile, and is dealt with as what it is now
        with suppress(NotAllowed):  # it ended meanwhile
            move.make(now=self.clock.now())
