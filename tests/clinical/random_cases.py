"""Random cases in the format of scenarios.json, biased to where rules turn: bounds of hours, scores and temperatures,
blanks, ties, half-finished and late check-ins, odd clocks, and free texts with negations. Only valid codes."""

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

LEVEL = ["no", "same", "new_or_worse"]
YES_NO = ["yes", "no"]
CHOICES = {
    "cannot_move": YES_NO,
    "weakness": LEVEL,
    "numbness": LEVEL,
    "bladder": LEVEL,
    "bowel": LEVEL,
    "breathing": LEVEL,
    "chest_pain": YES_NO,
    "cough": ["no", "same", "new", "blood"],
    "bleeding": ["none", "spot", "oozing", "soaking"],
    "pain_change": ["better", "same", "worse", "much_worse"],
    "pain_controlled": ["yes", "no", "not_taking"],
    "feels_feverish": YES_NO,
    "rigors": YES_NO,
    "bandage": ["on_dry", "wet", "off"],
    "immersion": YES_NO,
    "calf": ["no", "one_leg"],
    "drowsy": ["no", "a_bit", "hard_to_stay_awake"],
    "confused": YES_NO,
    "opioid_taken": YES_NO,
    "drove": YES_NO,
    "heavy_lifting": YES_NO,
    "fall": YES_NO,
    "mobility": ["usual", "with_help", "bathroom_only", "cannot_walk"],
    "blood_thinner": ["not_on", "not_restarted", "restarted", "unsure"],
    "wants_call": YES_NO,
}
LISTS = {
    "weakness_where": ["one_leg", "both_legs", "arm", "general"],
    "numbness_where": ["needle_site", "one_leg", "both_legs", "arm", "saddle", "other"],
    "pain_where": [
        "needle_site",
        "treated_area",
        "new_place",
        "down_one_leg",
        "down_both_legs",
        "around_ribs",
    ],
    "wound": ["redness", "warmth", "swelling", "pus_or_discharge", "bad_smell", "opening"],
    "allergy": ["rash_or_hives", "itching", "face_lip_tongue_swelling", "trouble_swallowing", "wheeze"],
}
RISKS = [
    "anticoagulant",
    "tumour",
    "immunosuppressed",
    "steroids",
    "age_65_plus",
    "levels_3_plus",
    "osteoporosis",
    "lung_disease",
    "allergy_history",
    "lives_alone",
]
ALL_CLEAR: dict[str, Any] = {
    "pain_now": 2,
    "pain_change": "same",
    "pain_where": ["treated_area"],
    "pain_controlled": "yes",
    "temp": {"value": 36.7, "unit": "C"},
    "feels_feverish": "no",
    "rigors": "no",
    "cannot_move": "no",
    "weakness": "no",
    "weakness_where": [],
    "numbness": "no",
    "numbness_where": [],
    "bladder": "no",
    "bowel": "no",
    "breathing": "no",
    "chest_pain": "no",
    "cough": "no",
    "bleeding": "none",
    "bandage": "on_dry",
    "wound": [],
    "immersion": "no",
    "allergy": [],
    "calf": "no",
    "drowsy": "no",
    "confused": "no",
    "opioid_taken": "no",
    "drove": "no",
    "heavy_lifting": "no",
    "fall": "no",
    "mobility": "usual",
    "blood_thinner": "not_on",
    "free_text": "",
    "wants_call": "no",
}
BOUNDS_H = [
    0,
    2,
    6,
    12,
    24,
    36,
    47.999,
    48,
    60,
    72,
    84,
    96,
    132,
    168,
    180,
    252,
    312,
    360,
    480,
    528,
    648,
    984,
    1008,
    1992,
    2016,
    2040,
]
SLOT_BOUNDS_H = [
    2,
    12,
    36,
    60,
    84,
    108,
    132,
    156,
    180,
    228,
    252,
    312,
    360,
    480,
    528,
    648,
    696,
    984,
    1032,
    1992,
    2040,
]
GAPS_H = [0, 0, 0.5, 6, 12, 12, 24, 24, 24, 36, 48, 48, 48, 72, 100, 400]
NUDGES = (
    [timedelta(0)] * 5
    + [timedelta(microseconds=n) for n in (-1, 1, -1000, 1000)]
    + [timedelta(seconds=n) for n in (-1, 1, -60, 60)]
)
CELSIUS = [
    33.9,
    33.99,
    34.0,
    36.6,
    37.4,
    37.49,
    37.5,
    37.6,
    37.7,
    37.79,
    37.8,
    37.9,
    37.99,
    38.0,
    38.1,
    39.0,
    39.9,
    39.99,
    40.0,
    43.0,
    43.01,
    43.1,
]
FAHRENHEIT = [
    93.1,
    93.19,
    93.2,
    98.6,
    99.4,
    99.49,
    99.5,
    99.6,
    99.9,
    99.99,
    100.0,
    100.3,
    100.39,
    100.4,
    101.2,
    103.9,
    103.99,
    104.0,
    109.4,
    109.41,
    109.5,
]
FITS_NEITHER = [0, -1, 20, 33.9, 43.1, 60.0, 93.1, 109.5, 380, 367]
ZONES = [UTC, *(timezone(timedelta(hours=h)) for h in (-8, -5, 1, 2, 5.5, 12))]
ZEROS = [
    datetime(2026, 3, 2, 10, tzinfo=UTC),
    datetime(2026, 3, 28, 23, 30, 0, 250000, tzinfo=UTC),
    datetime(2026, 10, 24, 22, 15, tzinfo=UTC),
    datetime(2028, 2, 29, 3, 0, 0, 1, tzinfo=UTC),
]
HITS = [
    "kill myself",
    "end my life",
    "suicide",
    "want to die",
    "can't breathe",
    "cannot breathe",
    "can't move",
    "cannot move",
    "can't feel",
    "cannot feel",
    "can't pee",
    "cannot pee",
    "passed out",
    "collapsed",
    "chest pain",
    "bleeding",
    "fever",
    "numb",
    "weak",
    "pus",
    "worse",
    "fell",
]
NEAR_MISSES = [
    "nosebleeding",
    "numbers",
    "weekly",
    "week",
    "weakness",
    "feverish",
    "push",
    "fellow",
    "cant breathe",
    "can not breathe",
    "suicidal",
    "chestpain",
    "chest  pain",
    "can’t breathe",
    "can’t\nmove",
    "numb_toe",
    "fever2",
    "2fever",
    "éfever",
    "worseé",
    "chest, pain",
    "cannot, feel",
]
FILLERS = [
    "I",
    "feel",
    "fine",
    "today",
    "and",
    "or",
    "a",
    "any",
    "my brace",
    "the",
    "thank you",
    "pain",
    "ok?",
    "ä",
]
NEGATORS = [
    "no",
    "not",
    "without",
    "No",
    "NOT",
    "know",
    "_no",
    "knot",
    "no no",
    "nor",
    "not a",
    "without any",
]
JOINTS = [" "] * 8 + [
    "  ",
    "   ",
    "\n",
    "\r\n",
    " \n ",
    ", ",
    ". ",
    "; ",
    "-",
    "_",
    "",
    "'",
    "! ",
    ": ",
    "/",
    '"',
    "(",
]


def case(rng: random.Random) -> dict:
    """A check-in to be judged, or, three times in ten, a silence."""
    zero = rng.choice(ZEROS)
    named = rng.random() < 0.4
    told: dict[str, Any] = {"procedure": procedure(rng, zero), "history": [], "check_in": None}
    if rng.random() < 0.3:
        at = zero + bound(rng, SLOT_BOUNDS_H)
        told["now"] = written(rng, at)
    else:
        at = zero + bound(rng, BOUNDS_H)
        told["check_in"] = check_in(rng, zero, at, named)
    for _ in range(rng.choice([0, 1, 1, 1, 1, 1, 2, 3])):
        told["history"].append(baseline(rng, zero, at, named))
    times: list[datetime] = []
    for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4, 5, 6, 8])):
        times.append(earlier_instant(rng, zero, at, [at, *times]))
    climbing = rng.random() < 0.3
    for number, when in enumerate(sorted(times)):
        item = check_in(rng, zero, when, named)
        if climbing and rng.random() < 0.9:
            item["pain_now"] = min(10, number + rng.choice([0, 0, 0, 1]))
        told["history"].append(item)
    if climbing and told["check_in"] is not None:
        told["check_in"]["pain_now"] = min(10, max(3, len(times)))
    if rng.random() < 0.6:
        rng.shuffle(told["history"])
    return told


def procedure(rng: random.Random, zero: datetime) -> dict:
    risks = rng.sample(RISKS, rng.choice([0, 0, 0, 1, 1, 2, 3, 6]))
    made: dict[str, Any] = {
        "type": rng.choice(["vertebroplasty", "kyphoplasty"]),
        "at": written(rng, zero),
        "risk_factors": risks,
    }
    if rng.random() < 0.25:
        day = (zero + timedelta(days=rng.choice([0, 1, 2, 3, 10]))).date().isoformat()
        made["blood_thinner_restart_h"] = rng.choice([0, 24, day, None])
    return made


def baseline(rng: random.Random, zero: datetime, at: datetime, named: bool) -> dict:
    """Mostly before the procedure; now and then filled in later, or a twin of another."""
    when = zero - timedelta(hours=rng.choice([0, 1, 2, 2, 24, 100]))
    if rng.random() < 0.06:
        when = at + rng.choice([*NUDGES, timedelta(hours=5)])
    form: dict[str, Any] = {
        "phase": "baseline",
        "pain_now": score(rng),
        "pain_where": some(rng, "pain_where"),
        "temp": temperature(rng),
        "mobility": rng.choice(CHOICES["mobility"]),
        "observed_at": written(rng, when),
    }
    if rng.random() < 0.1:
        form["received_at"] = written(rng, when + rng.choice([-1, 1]) * bound(rng, [0, 5 / 60, 6, 200]))
    for name in ("weakness", "numbness", "bladder", "bowel", "breathing"):
        form[name] = rng.choice(["no", "no", "present"])
    for name in ("weakness_where", "numbness_where"):
        if rng.random() < 0.5:
            form[name] = some(rng, name)
    blank(
        rng,
        form,
        [name for name in form if name not in ("phase", "observed_at", "received_at", "status")],
        0.06,
    )
    if rng.random() < 0.2:
        form["status"] = "completed"
    if named:
        form["id"] = identity(rng)
    return form


def check_in(rng: random.Random, zero: datetime, at: datetime, named: bool) -> dict:
    """From all-clear with a few changes to everything at random."""
    item: dict[str, Any] = {"phase": "post", "status": "completed" if rng.random() < 0.8 else "in-progress"}
    for name, value in ALL_CLEAR.items():
        item[name] = list(value) if isinstance(value, list) else value
    item["temp"] = {"value": 36.7, "unit": "C"}
    share = rng.choice([0.03, 0.08, 0.15, 0.3, 1.0])
    for name, choices in CHOICES.items():
        if rng.random() < share:
            item[name] = rng.choice(choices)
    for name in LISTS:
        if rng.random() < share:
            item[name] = some(rng, name)
    for name in ("weakness", "numbness"):
        if item[name] != "no" and rng.random() < 0.8:
            item[name + "_where"] = some(rng, name + "_where")
    if rng.random() < max(share, 0.6):
        item["pain_now"] = score(rng)
    if rng.random() < max(share, 0.2):
        item["temp"] = temperature(rng)
    if rng.random() < share:
        item["free_text"] = text(rng)
    rng.choice([leave, leave, leave, leave, sore, feel_odd, run_warm, stay_off_thinner])(rng, item)
    blank(rng, item, list(ALL_CLEAR), rng.choice([0, 0, 0, 0.02, 0.1, 0.5]))
    observed, received = stamps(rng, zero, at)
    item["observed_at"] = written(rng, observed)
    if received is not None:
        item["received_at"] = written(rng, received)
    elif rng.random() < 0.1:
        item["received_at"] = None
    if named:
        item["id"] = identity(rng)
    return item


def leave(rng: random.Random, item: dict) -> None:
    """No theme."""


def sore(rng: random.Random, item: dict) -> None:
    """Around expected soreness: at the needle point, near 5."""
    item["pain_where"] = ["needle_site"] if rng.random() < 0.8 else ["needle_site", "treated_area"]
    item["pain_now"] = rng.choice([3, 4, 4, 5, 5, 6])
    item["pain_change"] = rng.choice(["same", "worse", "worse", "much_worse"])


def feel_odd(rng: random.Random, item: dict) -> None:
    """Around resolved symptoms and their places."""
    item["weakness"], item["numbness"] = rng.choice(LEVEL), rng.choice(LEVEL)
    item["weakness_where"] = rng.choice(
        [["general"], ["general"], ["general", "arm"], [], ["one_leg"], ["both_legs"]]
    )
    item["numbness_where"] = rng.choice(
        [
            ["needle_site"],
            ["needle_site"],
            ["needle_site", "other"],
            [],
            ["saddle"],
            ["both_legs"],
            ["one_leg"],
            ["arm", "one_leg"],
        ]
    )


def run_warm(rng: random.Random, item: dict) -> None:
    """Around the lowest pair of limits."""
    item["temp"] = rng.choice(
        [
            {"value": rng.choice([37.4, 37.5, 37.6, 37.8]), "unit": "C"},
            {"value": rng.choice([99.4, 99.5, 99.6, 100.0]), "unit": "F"},
        ]
    )
    item["rigors"], item["feels_feverish"] = "no", rng.choice(YES_NO)


def stay_off_thinner(rng: random.Random, item: dict) -> None:
    """Around the restart of a blood thinner."""
    item["blood_thinner"] = rng.choice(["not_restarted", "unsure"])


def stamps(rng: random.Random, zero: datetime, at: datetime) -> tuple[datetime, datetime | None]:
    """observed_at and received_at: at once, late, a little early, or from a clock that is wrong."""
    kind = rng.random()
    if kind < 0.7:
        return at, None
    if kind < 0.75:
        return at, at + timedelta(seconds=rng.choice([0, 1, 40]))
    if kind < 0.85:
        return at, at + bound(rng, [6, 6, 6, 5, 10, 300])
    if kind < 0.92:
        return at, at - timedelta(minutes=5) + rng.choice(NUDGES)
    if kind < 0.96:
        return at + timedelta(hours=rng.choice([1, 5, 24, 9000])), at
    if kind < 0.99:
        return zero - bound(rng, [0, 1, 3, 6, 24]), at
    return zero - timedelta(hours=2), None


def earlier_instant(rng: random.Random, zero: datetime, at: datetime, anchors: list[datetime]) -> datetime:
    """Mostly a telling gap before the moment judged, sometimes a tie, sometimes later than it."""
    kind = rng.random()
    if kind < 0.45:
        return max(zero, at - bound(rng, GAPS_H))
    if kind < 0.55:
        return zero + bound(rng, [h for h in SLOT_BOUNDS_H if timedelta(hours=h) <= at - zero][-4:] or [0])
    if kind < 0.65:
        return rng.choice(anchors)
    if kind < 0.72:
        return at + bound(rng, [0, 1, 5, 24])
    return zero + (at - zero) * rng.random()


def bound(rng: random.Random, near: Sequence[float]) -> timedelta:
    if rng.random() < 0.8:
        return timedelta(hours=rng.choice(near)) + rng.choice(NUDGES)
    return timedelta(hours=rng.uniform(0, rng.choice([12, 48, 100, 400, 2100])))


def score(rng: random.Random) -> int:
    return rng.choice([0, 1, 2, 3, 3, 4, 4, 5, 6, 7, 7, 8, 8, 9, 10])


def some(rng: random.Random, name: str) -> list[str]:
    return rng.sample(LISTS[name], rng.choice([0, 1, 1, 1, 2, 2, 3, len(LISTS[name])]))


def temperature(rng: random.Random) -> dict | None:
    kind = rng.random()
    if kind < 0.1:
        return None
    if kind < 0.45:
        return {"value": rng.choice(CELSIUS), "unit": "C"}
    if kind < 0.75:
        return {"value": rng.choice(FAHRENHEIT), "unit": "F"}
    if kind < 0.9:
        return rng.choice(
            [{"value": rng.choice(CELSIUS), "unit": "F"}, {"value": rng.choice(FAHRENHEIT), "unit": "C"}]
        )
    return {"value": rng.choice(FITS_NEITHER), "unit": rng.choice(["C", "F"])}


def text(rng: random.Random) -> str:
    if rng.random() < 0.1:
        return rng.choice(["", " ", "\n", " \r\n "])
    made = ""
    for _ in range(rng.randint(1, 9)):
        words = rng.choice([HITS, HITS, NEAR_MISSES, FILLERS, NEGATORS, NEGATORS])
        word = rng.choice(words)
        if rng.random() < 0.2:
            curly = word.replace("'", rng.choice("’‘ʼ"))
            word = rng.choice([word.upper(), word.capitalize(), curly, word.replace(" ", "  ")])
        made += word + rng.choice(JOINTS)
    return made[:1000]


def blank(rng: random.Random, item: dict, names: list[str], share: float) -> None:
    """Answers left out: half as null, half as a missing key."""
    for name in names:
        if name in item and rng.random() < share:
            if rng.random() < 0.5:
                item[name] = None
            else:
                del item[name]


def identity(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def written(rng: random.Random, at: datetime) -> str:
    """The same instant in any offset: the verdict must not depend on it."""
    stamp = at.astimezone(rng.choice(ZONES)).isoformat()
    if rng.random() < 0.5:
        return stamp.replace("+00:00", "Z")
    return stamp
