import threading
from collections.abc import Iterator

import pytest
from django.test import Client

from recovery.api import readiness


@pytest.fixture
def no_broker(settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowded machine may take a second for a new connection: what is asked here is not how long it takes."""
    monkeypatch.setattr(readiness, "PATIENCE_S", 30)
    monkeypatch.setattr(readiness, "BROKER_PATIENCE_S", 30)


def test_alive_says_nothing_about_what_it_stands_on(no_broker: None) -> None:
    alive = Client().get("/livez")

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_with_database_and_broker(patient: None) -> None:
    ready = Client().get("/readyz")

    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ok", "database": "ok", "migrations": "ok", "broker": "ok"},
    )
    assert "no-store" in ready.headers["Cache-Control"]


@pytest.mark.django_db
def test_without_its_broker_it_is_degraded_and_still_ready(patient: None, no_broker: None) -> None:
    ready = Client().get("/readyz")

    assert (ready.status_code, ready.json()["status"], ready.json()["broker"]) == (
        200,
        "degraded",
        "unreachable",
    )


@pytest.mark.django_db
def test_with_migrations_to_come_it_is_not_ready(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_migrations_on_disk", lambda: frozenset({("recovery", "9999_to_come")}))

    unready = Client().get("/readyz")

    assert (unready.status_code, unready.json()["migrations"]) == (503, "pending")


@pytest.mark.django_db
def test_reading_the_migrations_files_is_not_counted_as_the_databases_time(
    patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, read_by = readiness._migrations_on_disk.__wrapped__, []

    def reading() -> frozenset[tuple[str, str]]:
        read_by.append(threading.current_thread())
        return read()

    monkeypatch.setattr(readiness, "_migrations_on_disk", reading)

    assert Client().get("/readyz").status_code == 200
    assert read_by == [threading.current_thread()]


@pytest.fixture
def frozen_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A question that is not answered until the test is over. Gives the number of questions asked."""
    over, asked = threading.Event(), []

    def wait(on_disk: frozenset[tuple[str, str]]) -> bool:
        asked.append(1)
        over.wait()
        return True

    monkeypatch.setattr(readiness, "_is_migrated", wait)
    monkeypatch.setattr(readiness, "_asker", readiness._Asker())
    yield asked
    over.set()
    readiness._asker.thread.shutdown()


def test_a_frozen_database_is_given_up_and_probes_do_not_pile_up(frozen_database: list[int]) -> None:
    answers = [Client().get("/readyz") for _ in range(3)]

    assert [answered.status_code for answered in answers] == [503] * 3
    assert answers[0].json()["database"] == "unreachable"
    assert len(frozen_database) == 1


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_only_looking_is_allowed(path: str) -> None:
    assert Client().post(path).status_code == 405
