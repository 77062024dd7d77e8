"""No answer and no name stands in the log, whatever fails."""

import io
import logging
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.db import DataError, IntegrityError, connection
from django.test import Client

from recovery import access
from recovery.enrolment import NewPatient
from tests import factories
from tests.api.phones import CHECK_INS, Phone, check_in

MARKER = "marker-of-an-answer"


@pytest.fixture
def lines() -> io.StringIO:
    """What the formatter of the settings makes of every line."""
    return io.StringIO()


@pytest.fixture(autouse=True)
def _as_set(lines: io.StringIO) -> object:
    """The service's own handlers, writing here."""
    [root_handler] = [each for each in logging.root.handlers if type(each) is logging.StreamHandler]
    handler = logging.StreamHandler(lines)
    handler.setFormatter(root_handler.formatter)
    logging.root.addHandler(handler)
    yield
    logging.root.removeHandler(handler)


def test_every_handler_of_the_settings_leaves_out_the_texts_of_errors() -> None:
    logs: dict[str, Any] = settings.LOGGING
    formatters, handlers = logs["formatters"], logs["handlers"].values()

    assert {formatters[each["formatter"]]["()"] for each in handlers} == {"config.logs.WithoutErrorTexts"}
    assert logging.getLogger("django").handlers == []


def test_a_page_that_fails_over_a_row_logs_where_and_not_what(
    ana: Phone, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.post(CHECK_INS, check_in() | {"app_version": MARKER})
    nurse = factories.member(ana.device.episode.team)

    def read_wrongly(_: object) -> None:
        with pytest.raises(DataError, match=MARKER) as failed, connection.cursor() as cursor:
            cursor.execute("SELECT app_version::bigint FROM recovery_checkin")
        raise failed.value

    monkeypatch.setattr(access, "alerts", read_wrongly)
    browser = Client(raise_request_exception=False)
    browser.force_login(nurse, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert browser.get("/review", follow=True).status_code == 500
    assert "django.db.utils.DataError" in lines.getvalue()
    assert "psycopg.errors.InvalidTextRepresentation" in lines.getvalue()
    assert "read_wrongly" in lines.getvalue()
    assert MARKER not in lines.getvalue()


def test_neither_causes_nor_groups_nor_messages_repeat_the_text_of_an_error(lines: io.StringIO) -> None:
    log = logging.getLogger("recovery.test")
    try:
        try:
            raise KeyError(MARKER)
        except KeyError:
            raise ExceptionGroup(
                f"two: {MARKER}", [IntegrityError(f"Failing row ({MARKER})\nDETAIL")]
            ) from None
    except ExceptionGroup as group:
        log.exception("task failed: %r", group)
        log.exception("task failed: %s", group.exceptions[0], exc_info=group.exceptions[0])

    assert "builtins.ExceptionGroup" in lines.getvalue()
    assert lines.getvalue().count("task failed: (not logged)") == 2
    assert MARKER not in lines.getvalue()


def test_another_handlers_copy_of_the_text_is_not_used(lines: io.StringIO) -> None:
    record = logging.getLogger().makeRecord("x", logging.ERROR, "", 0, "failed", (), None)
    record.exc_text = f"ValueError: {MARKER}"

    logging.root.handle(record)

    assert "failed" in lines.getvalue()
    assert MARKER not in lines.getvalue()


def test_what_patients_are_and_say_is_not_shown_by_the_objects_that_carry_it() -> None:
    patient = NewPatient(
        name=MARKER,
        born_on=date(1950, 4, 12),
        hospital_number=MARKER,
        phone=MARKER,
        caregiver_name=MARKER,
        caregiver_phone=MARKER,
    )

    assert MARKER not in repr(patient) + repr(factories.submission(free_text=MARKER))
    assert "1950" not in repr(patient)
