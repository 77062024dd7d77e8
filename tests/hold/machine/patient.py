"""What the patient's phone does, and how its requests end: answered, unanswered, or cut off by the server's death."""

import json
from datetime import timedelta
from typing import Any

from django.test import Client
from hypothesis import strategies as st

from recovery import enrolment
from tests import factories
from tests.api.phones import CHECK_INS, Phone, check_in, correction
from tests.factories import at, reload_phone
from tests.hold.machine.world import Draw, Said, Sent, World
from tests.hold.recoveries import SIGNS

REVOKED = 401

AGAIN_AND_AGAIN = [
    sign for sign in SIGNS if sign.keys() & {"temp", "bleeding", "numbness", "bladder", "cough"}
]
"""Few, so that the same is reported again after an alert was closed, muted or taken on."""

answers = st.builds(
    lambda signs, pain: {"pain_now": pain} | {key: value for sign in signs for key, value in sign.items()},
    st.lists(st.sampled_from(AGAIN_AND_AGAIN), max_size=2),
    st.integers(0, 10),
)
reports = st.lists(
    st.tuples(answers, st.sampled_from([0, 0, 1, 7, 26, 50]), st.booleans()), min_size=1, max_size=4
)
"""Answers, how many hours ago they were felt, and whether the report is completed."""

ends = st.sampled_from(["answered"] * 5 + ["lost"] * 2 + ["killed"])
statements = st.integers(1, 14)
"""After which the server dies. More than a report needs: then it dies with everything done, or not at all."""

flaws = st.sampled_from([{"new_field": 1}, {"status": "final"}, {"observed_at": "now"}])
skews_h = st.sampled_from([0, 0.05, -0.05, 1, -30, 26_280, -26_280])


class Patient(World):
    def submit(self, draw: Draw) -> None:
        for answered, age_h, is_whole in draw(reports):
            sent = Sent(self._document(answered, age_h, is_whole))
            said = Said(sent)
            self.said[said.id] = said
            self._exchange(said, sent, draw)

    def resend(self, draw: Draw) -> None:
        """What was never answered comes again, or else what was: a phone that does not know better."""
        if said := self.one_said(draw):
            self._exchange(said, said.unanswered[0] if said.unanswered else said.first, draw)

    def edit(self, draw: Draw) -> None:
        """Also a report that the service does not have yet: the correction overtakes it."""
        said = self.one_said(draw)
        if said is None:
            return
        known = max(said.revision, 1)
        base = known - 1 if known > 1 and draw(st.booleans()) else known
        corrected = correction(said.first.body, base, **draw(answers)) | {"observed_at": self._felt(0)}
        self._exchange(said, Sent(corrected, base), draw)

    def withdraw(self, draw: Draw) -> None:
        said = self.one_said(draw)
        if said is None:
            return
        answered = self.phone.delete(f"{CHECK_INS}/{said.id}")
        if self.is_revoked:
            assert answered.status_code == REVOKED
        elif not said.taken:
            assert answered.status_code == 404
        else:
            assert answered.status_code == 204
            said.withdrawn = True

    def send_a_body_that_is_refused(self, draw: Draw) -> None:
        body = self._document(draw(answers), 0, True) | draw(flaws)
        answered = self.phone.post(CHECK_INS, body)
        assert answered.status_code == (REVOKED if self.is_revoked else 422)
        self._is_refused(body)

    def set_the_phones_clock(self, draw: Draw) -> None:
        self.phone_skew_h = draw(skews_h)

    def lose_or_find_a_phone(self, _: Draw) -> None:
        if self.is_revoked:
            self.take_a_new_phone()
        else:
            enrolment.revoke(device=reload_phone(self.phone.token), now=at(self.now_h))
            self.is_revoked = True

    def take_a_new_phone(self) -> None:
        _, token = factories.phone(self.episode, now=at(self.now_h))
        self.phone, self.is_revoked = Phone(token, Client()), False

    # --- one request -----------------------------------------------------------------------------------------------

    def _exchange(self, said: Said, sent: Sent, draw: Draw) -> None:
        """Without an answer the phone does not know whether it was taken, and keeps it."""
        end = draw(ends)
        method, path = ("PUT", f"{CHECK_INS}/{said.id}") if sent.base else ("POST", CHECK_INS)
        if end == "killed":
            self.scene.mortals.request(
                method, path, sent.body, self.phone.token, now=self.clock_of("web"), dies_at=draw(statements)
            )
            self._look_what_was_stored(said, sent)
        else:
            send = self.phone.put if sent.base else self.phone.post
            expected = self._expected(said, sent)
            assert send(path, sent.body).status_code == expected
            if expected in {200, 201}:
                said.taken.setdefault(sent.revision, sent)
            elif said.taken.get(sent.revision) is not sent:
                self._is_refused(sent.body)
        if end == "answered":
            said.unanswered = [each for each in said.unanswered if each is not sent]
        elif sent not in said.unanswered:
            said.unanswered.append(sent)

    def _expected(self, said: Said, sent: Sent) -> int:
        if self.is_revoked:
            return REVOKED
        if said.withdrawn:
            return 410
        if said.taken.get(sent.revision) is sent:
            return 200
        if not sent.base:
            return 201
        return 200 if said.revision in {0, sent.base} else 409

    def _look_what_was_stored(self, said: Said, sent: Sent) -> None:
        """All of it or nothing."""
        row = self.stored().get(said.id)
        there = {row.revision, *(old.revision for old in row.revisions.all())} if row else set()
        new = there - set(said.taken)
        assert new <= {sent.revision}
        said.taken |= dict.fromkeys(new, sent)

    def _is_refused(self, body: dict[str, Any]) -> None:
        if not self.is_revoked:
            self.refused.add(json.dumps(body))

    def _document(self, answered: dict[str, Any], age_h: float, is_whole: bool) -> dict[str, Any]:
        status = "completed" if is_whole else "in-progress"
        return check_in(**answered) | {"status": status, "observed_at": self._felt(age_h)}

    def _felt(self, age_h: float) -> str:
        """By the phone's clock; no two at the same microsecond, so that no two bodies are the same."""
        self.count += 1
        felt_at = at(self.now_h + self.phone_skew_h - age_h) + timedelta(microseconds=self.count)
        return felt_at.isoformat()
