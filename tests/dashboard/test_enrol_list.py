"""A list of patients from a spreadsheet: looked at line by line, then taken as a whole or not at all."""

import csv
import re
from collections.abc import Callable
from datetime import date
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recovery import enrolment, importing, reminders
from recovery.models import AuditEvent, CareTeam, Consent, EnrolmentCode, Episode, Patient, Preferences, User
from tests import factories
from tests.dashboard.conftest import SetClock, SignIn
from tests.dashboard.scenes import said
from tests.factories import at

ROW = {
    "name": "Rosa Lind",
    "date_of_birth": "1948-07-30",
    "hospital_number": "K7001",
    "phone": "020 7946 0155",
    "procedure": "vertebroplasty",
    "procedure_date": "2026-03-03",
    "procedure_time": "09:40",
    "risk_factors": "none",
    "consent_date": "2026-03-03",
}
NAMES = [
    "Aino Falk",
    "Bo Marsh",
    "Cy Adebayo",
    "Di Moreau",
    "Ed Kowalski",
    "Fay Singh",
    "Gus Petrov",
    "Hana Sato",
]


def table(*rows: dict[str, str], separator: str = ",") -> str:
    """The lines of a file, with the columns that the rows have."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    written = StringIO()
    writer = csv.DictWriter(written, columns, delimiter=separator, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def many(count: int) -> list[dict[str, str]]:
    return [
        ROW
        | {
            "name": f"{NAMES[n % 8]} {'abcdefghij'[n // 8 % 10] * (n // 80 + 2)}",
            "hospital_number": f"K{n:05}",
        }
        for n in range(count)
    ]


def look(client: Client, content: str | bytes, team: CareTeam):
    raw = content.encode() if isinstance(content, str) else content
    return client.post("/enrol/list", {"team": str(team.uuid), "file": SimpleUploadedFile("list.csv", raw)})


def take(client: Client, preview: HttpResponse):
    """Press the button of the preview."""
    page = preview.content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(team|file)" value="([^"]*)"', page))
    return client.post("/enrol/list/take", fields)


def looked_at_and_taken(client: Client, content: str | bytes, team: CareTeam):
    return take(client, look(client, content, team))


# --- looking, and taking ------------------------------------------------------------------------------------------


def test_a_list_is_shown_before_anybody_is_enrolled_and_then_taken(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    full = ROW | {
        "levels": "L1 T12 T11", "risk_factors": "anticoagulant steroids", "blood_thinner_restart_h": "24",
        "caregiver_name": "Per Lind", "caregiver_phone": "020 7946 0156", "call_first": "caregiver",
        "call_notes": "after ten", "language": "Welsh", "time_zone": "Europe/Lisbon", "before_pain_now": "8",
        "before_pain_where": "treated_area around_ribs", "before_temp": "36,6 °C", "before_weakness": "no",
    }  # fmt: skip

    preview = look(client, table(full), team)

    text = said(preview)
    assert preview.status_code == 200
    assert "1 line for Spine team: 1 to enrol, 0 enrolled before, 0 wrong." in text
    assert "Rosa Lind 30 July 1948 K7001 Vertebroplasty, 3 March 2026, 09:40" in text
    assert "4 answers" in text
    assert Episode.objects.count() == 0

    taken = take(client, preview)

    assert (taken.status_code, taken["Location"]) == (303, "/enrol/waiting")
    assert "1 patient is enrolled" in said(client.get("/enrol/waiting"))
    episode = Episode.objects.get()
    assert episode.procedure_at == at(23 + 40 / 60)
    assert episode.time_zone == "Europe/Lisbon"
    assert episode.levels == ["T11", "T12", "L1"]
    assert episode.risk_factors == ["age_65_plus", "anticoagulant", "levels_3_plus", "steroids"]
    assert episode.baseline == {
        "pain_now": 8,
        "pain_where": ["around_ribs", "treated_area"],
        "temp": {"value": 36.6, "unit": "C"},
        "weakness": "no",
    }
    assert (episode.patient.language, episode.patient.call_first) == ("cy", "caregiver")
    assert Consent.objects.get().recorded_by == ben
    assert EnrolmentCode.objects.count() == 0
    imported = AuditEvent.objects.get(what="imported list of patients")
    assert imported.detail == {"enrolled": 1, "known": 0}


def test_one_wrong_line_keeps_everybody_out_and_every_line_says_what_is_wrong(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    bad = ROW | {
        "name": "", "hospital_number": "K2", "date_of_birth": "31/02/1950", "procedure": "spinal fusion",
        "procedure_date": "05/03/2026", "risk_factors": "smoker", "phone": "4.47701E+11",
    }  # fmt: skip

    preview = look(client, table(ROW, bad, ROW | {"name": "Bo Marsh", "hospital_number": "K3"}), team)

    text = said(preview)
    assert preview.status_code == 422
    assert "1 line to put right" in text
    assert "Line 3 · no name · K2" in text
    for words in (
        "name : This is missing.",
        "date_of_birth : There is no such day.",
        "phone : A spreadsheet has shortened this number.",
        "procedure : Write one of: vertebroplasty, kyphoplasty.",
        "procedure_date : 05/03/2026 can be read in two ways.",
        "risk_factors : Write none, or of these",
    ):
        assert words in text
    assert 'name="file" value=' not in preview.content.decode()
    assert Episode.objects.count() == 0


def test_the_same_file_twice_enrols_nobody_twice(
    team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    content = table(*many(5))
    first = looked_at_and_taken(sign_in(ben), content, team)

    again = look(sign_in(dee), content, team)
    packed = importing_as_sent(content)
    pressed = sign_in(dee).post("/enrol/list/take", {"team": str(team.uuid), "file": packed})

    assert first.status_code == pressed.status_code == 303
    assert "5 enrolled before, 0 wrong" in said(again)
    assert "Everybody is enrolled already" in said(again)
    assert Episode.objects.count() == Patient.objects.count() == Consent.objects.count() == 5


def importing_as_sent(content: str) -> str:
    import base64

    return base64.b64encode(content.encode()).decode()


def test_a_longer_list_enrols_those_who_are_new(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)
    looked_at_and_taken(client, table(*many(2)), team)

    preview = look(client, table(*many(3)), team)
    take(client, preview)

    assert "1 to enrol, 2 enrolled before, 0 wrong" in said(preview)
    assert Episode.objects.count() == 3


def test_what_changed_since_the_look_stops_everything(
    team: CareTeam, ben: User, dee: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    preview = look(client, table(*many(3)), team)
    factories.episode(
        team,
        patient=enrolment.NewPatient(
            name=many(3)[2]["name"], born_on=date(1948, 7, 30), hospital_number="K00002"
        ),
        procedure_at=at(-10),
        by=dee,
    )

    taken = take(client, preview)

    assert taken.status_code == 409
    assert "Nobody was enrolled" in said(taken)
    assert "Another recovery of this patient still runs." in said(taken)
    assert Episode.objects.count() == 1


def test_a_fault_in_the_middle_leaves_nobody_enrolled(
    team: CareTeam, ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, enrol = sign_in(ben), enrolment.enrol
    done: list[object] = []

    def refuses_the_third(**order: object) -> Episode:
        if len(done) == 2:
            raise enrolment.EnrolmentRefused("No.")
        done.append(order)
        return enrol(**order)

    preview = look(client, table(*many(4)), team)
    monkeypatch.setattr(enrolment, "enrol", refuses_the_third)
    taken = take(client, preview)

    assert "Nobody was enrolled. Line 4: No." in said(taken)
    assert len(done) == 2
    assert Patient.objects.count() == Consent.objects.count() == Episode.objects.count() == 0


def test_while_a_list_is_taken_nobody_waits_for_it(
    transactional_db: None, team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    from django.db import connections, transaction

    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [enrolment.begin.LISTS, team.clinic_id])
        with pytest.raises(enrolment.EnrolmentRefused, match="half a minute"), transaction.atomic():
            factories.episode(team)
        refused = looked_at_and_taken(sign_in(ben), table(ROW), team)
        with other.cursor() as cursor:
            cursor.execute("ROLLBACK")
    finally:
        other.close()

    assert refused.status_code == 409
    assert "Send it again in half a minute." in said(refused)
    assert looked_at_and_taken(sign_in(ben), table(ROW), team).status_code == 303


def test_five_hundred_are_looked_at_with_as_many_queries_as_one_and_taken(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    look(client, table(*many(1)), team)
    with CaptureQueriesContext(connection) as one:
        look(client, table(*many(1)), team)
    with CaptureQueriesContext(connection) as all_:
        preview = look(client, table(*many(500)), team)

    taken = take(client, preview)

    assert len(one) == len(all_)
    assert taken.status_code == 303
    assert Episode.objects.count() == 500
    assert "500 enrolled before" in said(look(client, table(*many(500)), team))


def test_more_than_five_hundred_are_refused_before_they_are_read(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    refused = look(sign_in(ben), table(*many(501)), team)

    assert refused.status_code == 422
    assert "The file has more than 500 patients. Split it." in said(refused)


# --- how files are written ----------------------------------------------------------------------------------------

WRITTEN: dict[str, Callable[[str], bytes]] = {
    "UTF-8, with commas": lambda text: text.encode(),
    "UTF-8, with semicolons": lambda text: ("\ufeff" + text.replace(",", ";")).encode(),
    "UTF-16, with tabs": lambda text: text.replace(",", "\t").encode("utf-16"),
    "Windows letters (cp1252), with semicolons": lambda text: text.replace(",", ";").encode("cp1252"),
    "UTF-8, with semicolons ": lambda text: ("sep=;\r\n" + text.replace(",", ";")).encode(),
    "UTF-8, with commas ": lambda text: text.replace("\r\n", "\r").encode(),
    "UTF-8, with commas  ": lambda text: (
        text.replace("\r\n", "\n\n").upper().replace("K7001", "k7001").encode()
    ),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_a_file_is_read_however_a_spreadsheet_wrote_it(
    team: CareTeam, ben: User, sign_in: SignIn, written: str
) -> None:
    content = WRITTEN[written](table(ROW | {"name": "Zoë Åberg", "risk_factors": "steroids"}))

    preview = look(sign_in(ben), content, team)

    assert f"Read as {written.strip()}." in said(preview)
    assert re.search("zoë åberg 30 July 1948 k7001", said(preview), re.IGNORECASE)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1948-07-30", "30 July 1948"),
        ("30 July 1948", "30 July 1948"),
        ("30-Jul-48", None),
        ("30-Jul-1948", "30 July 1948"),
        ("30.07.1948", "30 July 1948"),
        ("30/07/1948", "30 July 1948"),
        ("07/30/1948", "30 July 1948"),
        ("07/07/1948", "7 July 1948"),
        ("05/07/1948", None),
        ("17743", None),
        ("1948-02-30", None),
        ("1848-07-30", None),
    ],
)
def test_a_day_is_read_in_one_way_or_not_at_all(
    team: CareTeam, ben: User, sign_in: SignIn, written: str, read: str | None
) -> None:
    preview = look(sign_in(ben), table(ROW | {"date_of_birth": written}), team)

    if read:
        assert f"Rosa Lind {read}" in said(preview)
    else:
        assert "date_of_birth :" in said(preview)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "This is not a text file."),
        (b"\xef\xbb\xbfname\xff", "The file is damaged."),
        (b"name,\x81\x8d", "The letters of this file cannot be read."),
        (b"first,second\r\n1,2", "The first line must name the columns"),
        (table(ROW | {"weight": "70"}).encode(), "These columns are not known: weight."),
        (table(ROW).replace("phone", "Name").encode(), "These columns stand there twice: name."),
        (b"name,date_of_birth\r\nA,1950-01-01", "These columns are missing: hospital_number, procedure"),
        (table(ROW).split("\r\n")[0].encode(), "names its columns, and no patient"),
        (table(ROW).encode() + b'"Rosa', "From line 3 on the cells cannot be told apart"),
        (table(ROW | {"call_notes": "x" * 200_000}).encode(), "cell too long"),
        (b"," * 900_000, "The file is empty."),
        (b"x" * 900_000, "cell too long"),
        (b'"' * 900_000, "cell too long"),
        (b"x" * 1_000_500, "The file is larger than 1 MB."),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    team: CareTeam, ben: User, sign_in: SignIn, content: bytes, words: str
) -> None:
    refused = look(sign_in(ben), content, team)

    assert refused.status_code == 422
    assert words in said(refused)


def test_no_file_is_said_and_the_team_stays_chosen(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    other = factories.team(team.clinic, "Night team")
    ben.memberships.create(team=other, role="nurse")

    refused = sign_in(ben).post("/enrol/list", {"team": str(other.uuid)})

    assert refused.status_code == 422
    assert "Choose a file." in said(refused)
    assert f'<option value="{other.uuid}" selected>' in refused.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": '=HYPERLINK("http://x","y")'}, "This begins with =, as a formula does."),
        ({"name": "@SUM(A1)"}, "This begins with @"),
        ({"hospital_number": "-2+3"}, "This begins with -"),
        ({"name": "Rosa \u202e dniL"}, "a character that cannot be seen"),
        ({"name": "Rosa\x07Lind"}, "a character that cannot be seen"),
        ({"name": "x" * 201}, "at most 200 letters"),
        ({"call_notes": "y" * 1001}, "more cells than columns, or one is too long"),
        ({"time_zone": "../../etc/passwd"}, "Write a name such as Europe/London."),
        ({"before_pain_now": "11"}, "Write a whole number from 0 to 10."),
        ({"before_weakness_where": "arm"}, "Something stands here, and before_weakness is not present."),
        ({"before_temp": "36.6"}, "Write it with its unit"),
        ({"before_temp": "nan C"}, "From 34 to 43 C"),
        ({"blood_thinner_restart_h": "1e999999"}, "Write 0 to 2016 hours."),
        ({"procedure_time": "99:99"}, "Write a time as 14:05."),
        ({"procedure_date": "2026-03-04"}, "This is later than now."),
        ({"consent_date": "2026-03-04"}, "Nobody can have agreed later than today."),
        ({"consent_date": "0001-01-01"}, "This is more than a year ago. Check the year."),
        ({"phone": ""}, "Write a number: the patient's, or the caregiver's."),
        ({"call_first": "caregiver"}, "Write the caregiver's number"),
        ({"language": "tlh"}, "Write one of: en"),
    ],
)
def test_hostile_and_broken_cells_are_said_and_do_nothing(
    team: CareTeam, ben: User, sign_in: SignIn, changes: dict[str, str], words: str
) -> None:
    preview = look(sign_in(ben), table(ROW | changes), team)

    assert preview.status_code == 422
    assert words in said(preview)


def test_markup_in_a_cell_is_text(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    preview = look(
        client, table(ROW | {"name": "<script>alert(1)</script> Lind", "call_notes": '"><img src=x>'}), team
    )
    take(client, preview)

    for page in (preview, client.get("/enrol/waiting")):
        assert "<script>alert" not in page.content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt; Lind" in page.content.decode()


# --- who it is ----------------------------------------------------------------------------------------------------


def test_one_person_on_two_lines_is_found(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    same_number = ROW | {"name": "Bo Marsh", "hospital_number": "k7001"}
    same_person = ROW | {"name": "LIND, Rosa", "hospital_number": "K7002"}

    text = said(look(sign_in(ben), table(ROW, same_number, same_person), team))

    assert "The same number stands on line 2." in text
    assert "The same name and date of birth stand on line 2" in text


def test_somebody_known_is_compared_before_anything_is_done(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    def known(number: str, name: str, **fields: object) -> None:
        person = enrolment.NewPatient(name=name, born_on=date(1948, 7, 30), hospital_number=number)
        factories.episode(team, patient=person, **fields)

    known("K1", "Aino Falk")
    known("K2", "Bo Marsh")
    known("K3", "Cy Adebayo")
    rows = (
        ROW | {"name": "Aino Falk", "hospital_number": "K1"},
        ROW | {"name": "Bo Marsh", "hospital_number": "K2", "date_of_birth": "1950-01-01"},
        ROW | {"name": "Somebody Else", "hospital_number": "K3"},
        ROW | {"name": "Aino Falk", "hospital_number": "K9"},
    )

    text = said(look(sign_in(ben), table(*rows[:3]), team)) + said(look(sign_in(ben), table(rows[3]), team))

    assert "Another recovery of this patient still runs." in text
    assert "This number belongs to somebody with another date of birth." in text
    assert "This number belongs to somebody with another name." in text
    assert "Aino Falk with this date of birth is known under K1." in text


def test_a_stranger_cannot_fill_another_team(team: CareTeam, cleo: User, sign_in: SignIn) -> None:
    client = sign_in(cleo)

    looked = look(client, table(ROW), team)
    pressed = client.post("/enrol/list/take", {"team": str(team.uuid), "file": importing_as_sent(table(ROW))})

    assert (looked.status_code, pressed.status_code) == (422, 422)
    assert Episode.objects.count() == 0


def test_the_example_can_be_read_back(
    team: CareTeam, ben: User, sign_in: SignIn, set_clock: SetClock
) -> None:
    set_clock(24 * 5)
    client = sign_in(ben)
    example = client.get("/enrol/list/example")

    preview = look(client, example.content, team)

    assert example["Content-Disposition"] == 'attachment; filename="patients.csv"'
    assert preview.status_code == 200
    assert "Ana Whitfield 12 April 1950 H000012" in said(preview)
    assert all(column.name in said(client.get("/enrol/list")) for column in importing.COLUMNS)


def test_a_list_is_kept_in_memory_and_has_an_end(team: CareTeam, ben: User, sign_in: SignIn) -> None:
    from recovery.dashboard.uploads import MOST_KEPT, InMemory

    handler = InMemory()
    handler.new_file("file", "list.csv", "text/csv", None)
    for part in range(40):
        handler.receive_data_chunk(b"x" * 65_536, part * 65_536)

    kept = handler.file_complete(40 * 65_536)

    assert kept.size == MOST_KEPT == importing.MOST_BYTES + 1
    assert not hasattr(kept, "temporary_file_path")


# --- reminders ------------------------------------------------------------------------------------------------------


def test_who_comes_in_by_list_is_reminded_as_the_list_says(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    first, second, third, fourth = many(4)
    chosen = [
        first | {"reminders": "SMS", "reminder_address": "+44 7700 900123"},
        second | {"reminders": "email", "reminder_address": "bo@example.org"},
        third | {"reminders": "app", "reminder_address": ""},
        fourth | {"reminders": "", "reminder_address": ""},
    ]
    client = sign_in(ben)
    assert "1 of them is reminded of nothing until somebody chooses how" in said(
        look(client, table(*chosen), team)
    )

    looked_at_and_taken(client, table(*chosen), team)
    rows = Preferences.objects.order_by("episode__patient__hospital_number")
    assert [(row.channel, reminders.hint(row)) for row in rows] == [
        ("sms", "...123"),
        ("email", "b...@example.org"),
        ("app", ""),
        ("none", ""),
    ]
    assert rows[3].next_at is None


def test_nobody_of_a_list_without_the_column_is_taken_to_have_an_app(
    team: CareTeam, ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    assert "3 of them are reminded of nothing until" in said(look(client, table(*many(3)), team))
    looked_at_and_taken(client, table(*many(3)), team)
    assert set(Preferences.objects.values_list("channel", flat=True)) == {"none"}


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        (("sms", ""), "Write where the reminders go."),
        (("sms", "020 7946 0155"), "Write the mobile number with its country code"),
        (("email", "bo at example"), "Write the e-mail address in full"),
        (("app", "bo@example.org"), "reminders is neither sms nor email"),
        (("", "bo@example.org"), "reminders is neither sms nor email"),
        (("pigeon", ""), "Write one of: none, app, email, sms."),
    ],
)
def test_reminders_that_would_reach_nobody_are_a_wrong_line(
    team: CareTeam, ben: User, sign_in: SignIn, cells: tuple[str, str], complaint: str
) -> None:
    row = ROW | dict(zip(("reminders", "reminder_address"), cells, strict=True))
    assert complaint in said(look(sign_in(ben), table(row), team))
