"""A change of the key that is cut short: what was sealed anew and what was not yet are both read, and the next run ends
it."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings as configured
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from recovery import sealing
from recovery.management.commands.reseal import BATCH
from recovery.models.sealed import MARK
from tests.api.phones import check_in
from tests.faults.scene import Scene
from tests.security.test_keys import REFUSED, post
from tests.system import System
from tests.waiting import wait_until

SECOND = "the second key of this service, long enough for anybody"
MANY = 2 * BATCH + 200

KEEP = """
    INSERT INTO recovery_quarantine
    SELECT (jsonb_populate_record(kept, jsonb_build_object(
        'id', nextval(pg_get_serial_sequence('recovery_quarantine', 'id')), 'uuid', gen_random_uuid(), 'body', %s::text,
        'fingerprint', encode(sha256(gen_random_uuid()::text::bytea), 'hex')
    ))).*
      FROM recovery_quarantine kept ORDER BY kept.id LIMIT 1
"""
HOLD = """
    SELECT FROM recovery_quarantine
     WHERE id = (SELECT id FROM recovery_quarantine ORDER BY id OFFSET %s LIMIT 1) FOR UPDATE
"""
IN_ORDER = "SELECT body FROM recovery_quarantine ORDER BY id"


@pytest.mark.slow
def test_s48_sealing_anew_that_is_killed_midway_loses_nothing_and_ends_whole_when_run_again(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    first = configured.SECRET_KEY
    with django_db_blocker.unblock(), System(SECRET_KEY=first) as system:
        system.start("web")
        scene = Scene.of(system)
        assert post(scene, REFUSED) == 422
        with psycopg.connect(system.admin_url) as admin:
            for number in range(1, MANY):
                sealed = MARK + sealing.seal_bytes(f"body {number}".encode())
                admin.execute(KEEP, [rf"\x{sealed.hex()}"])
        _, *bodies = read(system, first)
        assert bodies == [f"body {number}".encode() for number in range(1, MANY)]
        before = stored(system)
        system.env |= {"SECRET_KEY": SECOND, "SECRET_KEY_FALLBACKS": first}

        with held(system, after=BATCH):  # so that it is killed between one batch and the next
            running = subprocess.Popen(
                [sys.executable, "manage.py", "reseal"],
                cwd=system.tree,
                env=system.env,
                stdout=subprocess.DEVNULL,
            )
            try:
                wait_until(
                    lambda: changed(system, before) == BATCH, within_s=60, why="the first batch is not done"
                )
                assert running.poll() is None, "it ended by itself"
            finally:
                running.kill()
                running.wait()
            assert changed(system, before) == BATCH

        # The one that was held is done by the server, which does not know that nobody waits for it.
        assert lost(system, SECOND) in {MANY - BATCH, MANY - BATCH - 1}
        assert read(system, SECOND, first)[1:] == bodies
        system.restart("web")
        assert post(scene, check_in()) == 201  # the service goes on meanwhile

        said = system.manage("reseal")
        assert f"recovery_quarantine.body: {MANY} sealed anew, 0 under" in said
        assert read(system, SECOND)[1:] == bodies
        assert lost(system, SECOND) == 0
        assert lost(system, first) == MANY


def stored(system: System) -> list[bytes]:
    with psycopg.connect(system.admin_url) as admin:
        return [bytes(body).removeprefix(MARK) for (body,) in admin.execute(IN_ORDER).fetchall()]


def changed(system: System, before: list[bytes]) -> int:
    return sum(old != new for old, new in zip(before, stored(system), strict=False))


def read(system: System, key: str, *older: str) -> list[bytes]:
    """Raises CannotUnseal where one is sealed under another key."""
    with override_settings(SECRET_KEY=key, SECRET_KEY_FALLBACKS=list(older)):
        return [sealing.unseal_bytes(body) for body in stored(system)]


def lost(system: System, key: str) -> int:
    """How many cannot be read with this key alone."""
    count = 0
    with override_settings(SECRET_KEY=key, SECRET_KEY_FALLBACKS=[]):
        for body in stored(system):
            try:
                sealing.unseal_bytes(body)
            except sealing.CannotUnseal:
                count += 1
    return count


@contextmanager
def held(system: System, *, after: int) -> Generator[None]:
    """The row after so many others is held by somebody else."""
    with psycopg.connect(system.admin_url) as admin:
        admin.execute(HOLD, [after])
        yield
