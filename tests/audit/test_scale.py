"""The chain over much: what verifying it holds in memory does not grow with it. AUDIT_ROWS=1000000 for a year of a
clinic; the log says how long it took; nobody asserts that."""

import logging
import os
import time
import tracemalloc

import pytest
from django.db import connection

from recovery import audit
from recovery.models import AuditBatch
from tests.audit.test_chain import ANOTHER_TEST_S, flaws, turn
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1_300)]

log = logging.getLogger(__name__)

ROWS = int(os.environ.get("AUDIT_ROWS", "30000"))
EACH = 2_500
MOST_BYTES = 8_000_000

MANY = """
    INSERT INTO recovery_auditevent (at, what, subject, subject_id, request_id, browser, detail)
    SELECT now(), 'looked: patient', 'episode', gen_random_uuid(), md5(n::text), '0123456789abcdef', '{}'
      FROM generate_series(1, %s) n
"""


def test_s51_however_much_was_written_it_is_verified_batch_by_batch() -> None:
    with connection.cursor() as cursor:
        for _ in range(ROWS // EACH):
            cursor.execute(MANY, [EACH])
    began = time.monotonic()
    bound = 0

    def all_bound() -> bool:
        nonlocal bound
        bound += turn()
        return bound >= ROWS

    wait_until(all_bound, within_s=max(ANOTHER_TEST_S, ROWS / 1_000))
    bound_s = time.monotonic() - began
    tracemalloc.start()
    began = time.monotonic()

    found = flaws()

    took_s, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    batches = AuditBatch.objects.count()
    log.warning("%s rows, %s batches: bound in %.1f s, verified in %.1f s", ROWS, batches, bound_s, took_s)
    assert found == []
    assert peak < MOST_BYTES
    assert list(audit.flaws_after(AuditBatch.objects.count() - 1)) == []
