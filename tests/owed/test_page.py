"""/owed: staff read of their own teams' patients, whoever operates the service reads numbers alone."""

import re

from recovery import checkins, heartbeats, owed, retention
from recovery.auditor import PROGRAMS
from recovery.models import Alert, Defect, Oversight, User
from tests import factories
from tests.auditor import ward
from tests.auditor.ward import Ward
from tests.dashboard.conftest import SetClock, SignIn
from tests.factories import T0, at, submission
from tests.hold.settled import as_next_request


def read(sign_in: SignIn, user: User) -> str:
    page = sign_in(user).get("/owed").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def names(page: str) -> set[str]:
    return set(re.findall(r"Ana \d", page))


def test_staff_read_what_is_owed_of_their_patients_and_whose_it_is(
    healthy: Ward, set_clock: SetClock, sign_in: SignIn
):
    set_clock(ward.NOW_H)

    page = read(sign_in, healthy.ben)

    assert "Alerts that nobody has taken on" in page
    assert "Refused reports that nobody has read 1" not in names(page)
    assert names(page)
    assert "Recoveries that are paused" in page


def test_what_has_waited_equally_long_keeps_its_order_wherever_its_rows_lie(
    healthy: Ward, set_clock: SetClock, sign_in: SignIn
):
    set_clock(ward.NOW_H)
    Alert.objects.filter(status="open").update(tier_at=at(1))
    before = re.findall(r"Ana \d", read(sign_in, healthy.ben))

    for alert in Alert.objects.filter(status="open").order_by("-episode", "-pk"):
        Alert.objects.filter(pk=alert.pk).update(tier_at=at(2))  # row and index entry are last now

    assert len(set(before)) > 1
    assert re.findall(r"Ana \d", read(sign_in, healthy.ben)) == before


def test_a_nurse_of_another_clinic_reads_nothing_of_them(healthy: Ward, set_clock: SetClock, sign_in: SignIn):
    set_clock(ward.NOW_H)
    cleo = factories.member(factories.team(factories.clinic("Harbour Clinic")), "Cleo Marsh", password=None)

    page = read(sign_in, cleo)

    assert names(page) == set()
    assert "Nothing is owed." in page


def test_whoever_operates_the_service_reads_numbers_and_no_name(
    healthy: Ward, set_clock: SetClock, sign_in: SignIn
):
    set_clock(ward.NOW_H)
    operator = factories.member(factories.team(factories.clinic("Nobody's")), "Olga Stein", password=None)
    Oversight.objects.create(user=operator, role=Oversight.Role.OPERATOR, started_at=T0)

    page = read(sign_in, User.objects.get(pk=operator.pk))

    live = Alert.objects.filter(status="open").count()
    assert re.search(rf"Alerts that nobody has taken on\s+How many\s+{live}\s", page)
    assert names(page) == set()
    assert "Ben Okafor" not in page


def test_the_operator_reads_how_old_the_oldest_is_of_what_is_kept_for_a_time(
    healthy: Ward, set_clock: SetClock, sign_in: SignIn
):
    set_clock(ward.NOW_H)
    retention.begin(now=at(ward.NOW_H))
    for _ in retention.KINDS:
        retention.let_go_due(now=at(ward.NOW_H))
    operator = factories.member(factories.team(factories.clinic("Nobody's")), "Olga Stein", password=None)
    assert "Kept for a time" not in read(sign_in, operator)
    Oversight.objects.create(user=operator, role=Oversight.Role.OPERATOR, started_at=T0)

    page = read(sign_in, User.objects.get(pk=operator.pk))

    assert re.search(r"Messages to staff about ended alerts, with each try: \d", page)


def test_programs_that_drain_nothing_are_named(healthy: Ward, set_clock: SetClock, sign_in: SignIn):
    set_clock(ward.NOW_H)
    assert "Not at work: Looking for what is owed" in read(sign_in, healthy.ben)

    for program in (*PROGRAMS, "auditor"):
        heartbeats.forget(program)
        heartbeats.drain(program)

    assert "All programs are at work" in read(sign_in, healthy.ben)


def test_what_the_auditor_found_is_counted_and_not_told_to_staff_in_detail(
    healthy: Ward, set_clock: SetClock, sign_in: SignIn
):
    set_clock(ward.NOW_H)
    Defect.objects.create(kind="told-nobody", place=1, found_at=at(1), seen_at=at(2))

    page = read(sign_in, healthy.ben)

    assert "The auditor has found 1 thing" in page
    assert "told-nobody" not in page


def test_each_state_is_read_from_what_is_stored_at_that_instant(healthy: Ward):
    def count(state: str) -> int:
        return next(each.count for each in owed.everything(now=at(ward.NOW_H)) if each.state.name == state)

    before = count("report-not-flagged")
    checkins.submit(
        device=as_next_request(healthy.phones[0]), submission=submission(99.5, chest_pain="yes"), now=at(99.5)
    )

    assert count("report-not-flagged") == before + 1


def test_the_page_asks_the_same_however_much_is_owed(
    healthy: Ward, set_clock: SetClock, sign_in: SignIn, django_assert_max_num_queries
):
    set_clock(ward.NOW_H)
    client = sign_in(healthy.ben)
    with django_assert_max_num_queries(14):
        client.get("/owed")
