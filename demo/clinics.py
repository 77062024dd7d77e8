"""The two clinics of the story and who works there."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["C", "F"]


@dataclass(frozen=True)
class StaffMember:
    name: str
    email: str
    role: str


@dataclass(frozen=True)
class DemoClinic:
    key: str
    name: str
    zone: str
    numbers: dict[str, str]
    night_cover: bool
    unit: Unit
    phones: str
    """Of its patients: numbers that are nobody's."""
    staff: tuple[StaffMember, ...]
    auditor: tuple[str, str]
    """Name and e-mail of who reads its audit."""
    homes: tuple[str, ...]
    """Time zones in which its patients live: most at the first, a few with family far away."""


CLINICS = (
    DemoClinic(
        key="NB",
        name="Northbridge Spine Unit",
        zone="Europe/London",
        numbers={
            "team_phone": "020 7946 0311",
            "urgent_line": "020 7946 0999",
            "emergency_number": "999",
            "crisis_line": "116 123",
        },
        night_cover=True,
        unit="C",
        phones="07700 9005{:02}",
        staff=(
            StaffMember("Ben Okafor", "ben.okafor@northbridge.example", "nurse"),
            StaffMember("Ingrid Solberg", "ingrid.solberg@northbridge.example", "nurse"),
            StaffMember("Dr Meera Nair", "meera.nair@northbridge.example", "doctor"),
            StaffMember("Tom Ashby", "tom.ashby@northbridge.example", "coordinator"),
            StaffMember("Dee Marlowe", "dee.marlowe@northbridge.example", "admin"),
        ),
        auditor=("Aude Roy", "aude.roy@northbridge.example"),
        homes=("Europe/London", "Europe/London", "Europe/Dublin", "Europe/Madrid", "Asia/Kolkata"),
    ),
    DemoClinic(
        key="LK",
        name="Lakeside Interventional Clinic",
        zone="America/Chicago",
        numbers={
            "team_phone": "+1 312 555 0142",
            "urgent_line": "+1 312 555 0199",
            "emergency_number": "911",
            "crisis_line": "988",
        },
        night_cover=False,
        unit="F",
        phones="+1 312 555 01{:02}",
        staff=(
            StaffMember("Cleo Ramirez", "cleo.ramirez@lakeside.example", "nurse"),
            StaffMember("Hank Dubois", "hank.dubois@lakeside.example", "nurse"),
            StaffMember("Dr Ruth Goldberg", "ruth.goldberg@lakeside.example", "doctor"),
            StaffMember("Ana Lucia Prado", "analucia.prado@lakeside.example", "coordinator"),
            StaffMember("Walt Jennings", "walt.jennings@lakeside.example", "admin"),
        ),
        auditor=("Vera Lindt", "vera.lindt@lakeside.example"),
        homes=(
            "America/Chicago",
            "America/Chicago",
            "America/Denver",
            "America/New_York",
            "Pacific/Auckland",
        ),
    ),
)
