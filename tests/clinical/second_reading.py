"""A second, independent reading of the specification, as a test oracle: one plain function per rule.

Nothing is shared with the product, so that a misreading must be made twice to go unseen. Default settings only.
Where the specification leaves room, this is how it is read here:

- Baseline: the latest baseline form, even one filled in after this check-in (§2 sets no bound; §10 tells the baseline
  from the earlier check-ins, so the "earlier" of 6.1 does not bind it).
- SYMPTOM-ONGOING and BASELINE-UNKNOWN go by the answer `same`, as their "When" says, even when the place makes the
  item resolve to new_or_worse (6.3). Property 2 needs this: taking the place away must not raise them.
- A place is covered only by its own name: a report on both_legs does not cover one_leg.
  Several reports and the baseline cover together. Only the answer new_or_worse is a report, never a resolved `same`.
- NEURO-RADIATE is an emergency only if down_both_legs is itself new.
- clock_suspect: judged and ordered at `received_at`, so transit is nil and LATE-ENTRY is silent.
  A baseline form is never suspect: it lies before time zero by nature, and §2 orders it by `observed_at`.
- A latest baseline form without a pain score means no baseline pain; an older form is not asked.
- The episode ends at H = 2040 (§4): no timer rule from then on, so the last slot (closing at 2040) is never missed.
- Curly apostrophes are U+2019, U+2018 and U+02BC; between words only spaces and line breaks (CR, LF) count, not tabs.
- A planned restart date of the blood thinner counts in the UTC offset of `procedure.at`.
- `temp` without a value is missing; a temperature without a known unit fits nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

ORDER = ["none", "routine", "within_24h", "same_day", "emergency"]
RANGES = {"C": (34.0, 43.0), "F": (93.2, 109.4)}
RESOLVED_ITEMS = ["weakness", "numbness", "bladder", "bowel", "breathing"]
REQUIRED = [
    "pain_now",
    "pain_controlled",
    "cannot_move",
    "weakness",
    "numbness",
    "bladder",
    "bowel",
    "breathing",
    "chest_pain",
    "bleeding",
]
SLOTS = [
    (2, 12),
    (12, 36),
    (36, 60),
    (60, 84),
    (84, 108),
    (108, 132),
    (132, 156),
    (156, 180),
    (228, 252),
    (312, 360),
    (480, 528),
    (648, 696),
    (984, 1032),
    (1992, 2040),
]
SELF_HARM = ["kill myself", "end my life", "suicide", "want to die"]
ALARM = [
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
]
WORRY = ["bleeding", "fever", "numb", "weak", "pus", "worse", "fell"]


@dataclass
class Seen:
    """What one check-in is judged by. `h` is the time since time zero; `earlier` is in order, baselines left out."""

    procedure: dict
    risks: list
    a: dict
    at: datetime
    h: timedelta
    transit: timedelta
    earlier: list[tuple[datetime, dict]]
    baseline: dict


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def one_step_higher(tier: str) -> str:
    """§2: one place in the order, stopping at emergency."""
    if tier == "emergency":
        return "emergency"
    return ORDER[ORDER.index(tier) + 1]


# What a check-in is, and when (§2, 6.8)


def is_baseline(item: dict) -> bool:
    return item.get("phase") == "baseline"


def felt(item: dict) -> datetime:
    return datetime.fromisoformat(item["observed_at"])


def received(item: dict) -> datetime:
    """Absent means: received at once."""
    if item.get("received_at") is None:
        return felt(item)
    return datetime.fromisoformat(item["received_at"])


def clock_suspect(item: dict, procedure: dict) -> bool:
    """6.8: an observed_at more than 5 minutes after received_at, or before time zero. Not for a baseline form."""
    if is_baseline(item):
        return False
    if felt(item) - received(item) > timedelta(minutes=5):
        return True
    return felt(item) < datetime.fromisoformat(procedure["at"])


def instant(item: dict, procedure: dict) -> datetime:
    """6.8: a clock_suspect item is judged and ordered at received_at."""
    if clock_suspect(item, procedure):
        return received(item)
    return felt(item)


def ordered(items: list[dict], procedure: dict) -> list[tuple[datetime, dict]]:
    """§2: ordered by observed_at, then by id (by position where there are no ids)."""
    rows = []
    for position, item in enumerate(items):
        rows.append((instant(item, procedure), str(item.get("id") or ""), position, item))
    rows.sort(key=lambda row: row[:3])
    return [(row[0], row[3]) for row in rows]


def see(case: dict) -> Seen:
    procedure, check_in = case["procedure"], case["check_in"]
    at = instant(check_in, procedure)
    earlier, baseline = [], {}
    for when, item in ordered(case.get("history") or [], procedure):
        if is_baseline(item):
            baseline = item  # §2: the latest
        elif when < at:  # §2: two with equal observed_at are not earlier than each other
            earlier.append((when, item))
    transit = received(check_in) - felt(check_in)
    if clock_suspect(check_in, procedure):
        transit = timedelta(0)
    return Seen(
        procedure=procedure,
        risks=procedure.get("risk_factors") or [],
        a=check_in,
        at=at,
        h=at - datetime.fromisoformat(procedure["at"]),
        transit=transit,
        earlier=earlier,
        baseline=baseline,
    )


# Derived values


def listed(item: dict, name: str) -> list:
    return item.get(name) or []


def exactly(item: dict, name: str, value: str) -> bool:
    return set(listed(item, name)) == {value}


def pain(s: Seen) -> int | None:
    """N."""
    return s.a.get("pain_now")


def pain_before(s: Seen) -> int | None:
    """B."""
    return s.baseline.get("pain_now")


def scores(s: Seen) -> list[tuple[datetime, int]]:
    found = []
    for when, item in s.earlier:
        if item.get("pain_now") is not None:
            found.append((when, item["pain_now"]))
    return found


def previous_pain(s: Seen) -> int | None:
    """P: of the latest earlier post-procedure check-in that has a score, if observed at most 48 h before this one."""
    found = scores(s)
    if not found:
        return None
    when, score = found[-1]
    if s.at - when <= hours(48):
        return score
    return None


def risen_since_previous(s: Seen) -> bool:
    """N ≥ P + 2."""
    n, p = pain(s), previous_pain(s)
    return n is not None and p is not None and n >= p + 2


def soreness_exempt(s: Seen) -> bool:
    """H < 72, pain_where exactly [needle_site], N ≤ 5, N < B (or no baseline), and pain_controlled is not no."""
    n, b = pain(s), pain_before(s)
    if not s.h < hours(72):
        return False
    if not exactly(s.a, "pain_where", "needle_site"):
        return False
    if n is None or n > 5:
        return False
    if b is not None and n >= b:
        return False
    return s.a.get("pain_controlled") != "no"


def reports(s: Seen, name: str) -> list[dict]:
    """6.3: only new_or_worse counts as an earlier report; an earlier `same` does not."""
    return [item for _, item in s.earlier if item.get(name) == "new_or_worse"]


def covered(source: dict, where: str, place: str) -> bool:
    """6.3: covers the places it names; without places one_leg and arm, never saddle or both_legs."""
    places = listed(source, where)
    if places:
        return place in places
    return place in ("one_leg", "arm")


def uncovered_place(s: Seen, name: str) -> bool:
    """6.3: names a place that neither an earlier new_or_worse report nor the baseline covers."""
    if name not in ("weakness", "numbness"):
        return False
    where = name + "_where"
    sources = reports(s, name)
    if s.baseline.get(name) == "present":
        sources = [*sources, s.baseline]
    for place in listed(s.a, where):
        if place not in ("saddle", "both_legs", "one_leg", "arm"):
            continue
        if not any(covered(source, where, place) for source in sources):
            return True
    return False


def resolves_to_new(s: Seen, name: str) -> bool:
    """6.3: the answer new_or_worse, or `same` with a place that nothing covers."""
    answer = s.a.get(name)
    if answer == "new_or_worse":
        return True
    return answer == "same" and uncovered_place(s, name)


def fits(value: float, unit: str) -> bool:
    lowest, highest = RANGES[unit]
    return lowest <= value <= highest


def has_temperature(item: dict) -> bool:
    return item.get("temp") is not None and item["temp"].get("value") is not None


def usable_temperature(item: dict) -> tuple[float, str] | None:
    """6.4: as entered; in the other unit where only that fits; none where neither fits."""
    if not has_temperature(item):
        return None
    value, unit = item["temp"]["value"], item["temp"].get("unit")
    if unit == "C":
        if fits(value, "C"):
            return value, "C"
        if fits(value, "F"):
            return value, "F"
    if unit == "F":
        if fits(value, "F"):
            return value, "F"
        if fits(value, "C"):
            return value, "C"
    return None


def at_least(temperature: tuple[float, str] | None, celsius: float, fahrenheit: float) -> bool:
    """6.4: compared in the unit entered, against the pair of limits; no conversion."""
    if temperature is None:
        return False
    value, unit = temperature
    if unit == "C":
        return value >= celsius
    return value >= fahrenheit


def yes(s: Seen, name: str) -> bool:
    return s.a.get(name) == "yes"


# 7.1 Nerves, bladder and bowel


def neuro_move(s: Seen) -> str | None:
    """`cannot_move` = yes. Emergency."""
    if yes(s, "cannot_move"):
        return "emergency"
    return None


def neuro_weak(s: Seen) -> str | None:
    """Resolved `weakness` = new_or_worse and `weakness_where` is anything but exactly [general]. Emergency."""
    if resolves_to_new(s, "weakness") and not exactly(s.a, "weakness_where", "general"):
        return "emergency"
    return None


def neuro_numb(s: Seen) -> str | None:
    """Resolved `numbness` = new_or_worse. If `numbness_where` is exactly [needle_site]: no finding while H < 12.

    same_day; emergency if `tumour` (not for needle_site only); within_24h if needle_site only and H ≥ 12.
    """
    if not resolves_to_new(s, "numbness"):
        return None
    if exactly(s.a, "numbness_where", "needle_site"):
        if s.h < hours(12):
            return None
        return "within_24h"
    if "tumour" in s.risks:
        return "emergency"
    return "same_day"


def neuro_saddle(s: Seen) -> str | None:
    """Resolved `numbness` = new_or_worse and `numbness_where` holds saddle or both_legs. Emergency."""
    where = listed(s.a, "numbness_where")
    if resolves_to_new(s, "numbness") and ("saddle" in where or "both_legs" in where):
        return "emergency"
    return None


def neuro_radiate(s: Seen) -> str | None:
    """`pain_where` holds down_both_legs, down_one_leg or around_ribs, and the baseline does not hold that value.

    same_day; emergency for down_both_legs. No baseline: treat as new.
    """
    new = []
    for place in listed(s.a, "pain_where"):
        if place not in listed(s.baseline, "pain_where"):
            new.append(place)
    if "down_both_legs" in new:
        return "emergency"
    if "down_one_leg" in new or "around_ribs" in new:
        return "same_day"
    return None


def bladder(s: Seen) -> str | None:
    """Resolved `bladder` = new_or_worse. Emergency."""
    if resolves_to_new(s, "bladder"):
        return "emergency"
    return None


def bowel(s: Seen) -> str | None:
    """Resolved `bowel` = new_or_worse. Emergency."""
    if resolves_to_new(s, "bowel"):
        return "emergency"
    return None


def tired(s: Seen) -> str | None:
    """Resolved `weakness` = new_or_worse and `weakness_where` exactly [general]. Routine if H < 24, else within_24h."""
    if not resolves_to_new(s, "weakness") or not exactly(s.a, "weakness_where", "general"):
        return None
    if s.h < hours(24):
        return "routine"
    return "within_24h"


def symptom_ongoing(s: Seen) -> str | None:
    """Any of the five items answered `same` and an earlier check-in answered new_or_worse for that item. Routine."""
    for name in RESOLVED_ITEMS:
        if s.a.get(name) == "same" and reports(s, name):
            return "routine"
    return None


def baseline_unknown(s: Seen) -> str | None:
    """Any of the five items answered `same` with no baseline saying `present` and no earlier report. same_day."""
    for name in RESOLVED_ITEMS:
        if s.a.get(name) == "same" and s.baseline.get(name) != "present" and not reports(s, name):
            return "same_day"
    return None


# 7.2 Chest, clots, allergy


def breath(s: Seen) -> str | None:
    """Resolved `breathing` = new_or_worse. Emergency."""
    if resolves_to_new(s, "breathing"):
        return "emergency"
    return None


def chest(s: Seen) -> str | None:
    """`chest_pain` = yes. Emergency."""
    if yes(s, "chest_pain"):
        return "emergency"
    return None


def cough(s: Seen) -> str | None:
    """within_24h for new; same_day for new with `levels_3_plus`; emergency for blood."""
    if s.a.get("cough") == "blood":
        return "emergency"
    if s.a.get("cough") == "new":
        if "levels_3_plus" in s.risks:
            return "same_day"
        return "within_24h"
    return None


def leg_clot(s: Seen) -> str | None:
    """`calf` = one_leg. same_day."""
    if s.a.get("calf") == "one_leg":
        return "same_day"
    return None


def allergy_severe(s: Seen) -> str | None:
    """`allergy` holds face_lip_tongue_swelling, trouble_swallowing or wheeze. Emergency."""
    signs = listed(s.a, "allergy")
    if "face_lip_tongue_swelling" in signs or "trouble_swallowing" in signs or "wheeze" in signs:
        return "emergency"
    return None


def allergy_mild(s: Seen) -> str | None:
    """`allergy` holds rash_or_hives or itching. same_day if rash_or_hives; within_24h if itching only."""
    if "rash_or_hives" in listed(s.a, "allergy"):
        return "same_day"
    if "itching" in listed(s.a, "allergy"):
        return "within_24h"
    return None


# 7.3 Bleeding


def bleed_heavy(s: Seen) -> str | None:
    """`bleeding` = soaking. Emergency."""
    if s.a.get("bleeding") == "soaking":
        return "emergency"
    return None


def bleed_ooze(s: Seen) -> str | None:
    """`bleeding` = oozing. same_day; emergency if `anticoagulant`."""
    if s.a.get("bleeding") != "oozing":
        return None
    if "anticoagulant" in s.risks:
        return "emergency"
    return "same_day"


def bleed_spot(s: Seen) -> str | None:
    """`bleeding` = spot. H < 48: routine; H ≥ 48: within_24h; one step higher if `anticoagulant`."""
    if s.a.get("bleeding") != "spot":
        return None
    tier = "within_24h"
    if s.h < hours(48):
        tier = "routine"
    if "anticoagulant" in s.risks:
        return one_step_higher(tier)
    return tier


def thinner(s: Seen) -> str | None:
    """`anticoagulant`, `blood_thinner` = not_restarted or unsure, and H ≥ R + 24. within_24h.

    R = `blood_thinner_restart_h` in hours (a planned date counts from 00:00 local on that date; 24 when not set).
    """
    if "anticoagulant" not in s.risks:
        return None
    if s.a.get("blood_thinner") not in ("not_restarted", "unsure"):
        return None
    zero = datetime.fromisoformat(s.procedure["at"])
    planned = s.procedure.get("blood_thinner_restart_h")
    if planned is None:
        restart = hours(24)
    elif isinstance(planned, str):
        restart = datetime.fromisoformat(planned).replace(tzinfo=zero.tzinfo) - zero
    else:
        restart = hours(planned)
    if s.h >= restart + hours(24):
        return "within_24h"
    return None


# 7.4 Fever and infection


def fever(s: Seen) -> str | None:
    """Temperature ≥ own limit, or `rigors` = yes, or (`feels_feverish` = yes and no usable temperature).

    Own limit: 37.5/99.5 if `immunosuppressed` or `steroids`; else 37.8/100.0 if `age_65_plus`; else 38.0/100.4.
    same_day; emergency if ≥ 40.0/104.0; emergency if `immunosuppressed` and (≥ 38.0/100.4 or rigors).
    """
    temperature = usable_temperature(s.a)
    if "immunosuppressed" in s.risks or "steroids" in s.risks:
        high = at_least(temperature, 37.5, 99.5)
    elif "age_65_plus" in s.risks:
        high = at_least(temperature, 37.8, 100.0)
    else:
        high = at_least(temperature, 38.0, 100.4)
    if not high and not yes(s, "rigors") and not (yes(s, "feels_feverish") and temperature is None):
        return None
    if at_least(temperature, 40.0, 104.0):
        return "emergency"
    if "immunosuppressed" in s.risks and (at_least(temperature, 38.0, 100.4) or yes(s, "rigors")):
        return "emergency"
    return "same_day"


def sepsis(s: Seen) -> str | None:
    """FEVER fires, and confused, or hard to stay awake, or resolved `breathing` = new_or_worse. Emergency."""
    if fever(s) is None:
        return None
    if yes(s, "confused") or s.a.get("drowsy") == "hard_to_stay_awake" or resolves_to_new(s, "breathing"):
        return "emergency"
    return None


def temp_watch(s: Seen) -> str | None:
    """FEVER does not fire, a usable temperature exists, and it is ≥ 37.5/99.5 or `feels_feverish` = yes.

    Routine; within_24h if this temperature and that of the latest earlier post-procedure check-in with a usable one,
    observed at most 24 h before, are both ≥ 37.5/99.5.
    """
    temperature = usable_temperature(s.a)
    if fever(s) is not None or temperature is None:
        return None
    warm = at_least(temperature, 37.5, 99.5)
    if not warm and not yes(s, "feels_feverish"):
        return None
    latest_at, latest = None, None
    for when, item in s.earlier:
        if usable_temperature(item) is not None:
            latest_at, latest = when, usable_temperature(item)
    if warm and latest_at is not None and s.at - latest_at <= hours(24) and at_least(latest, 37.5, 99.5):
        return "within_24h"
    return "routine"


def mild_wound_signs(s: Seen) -> int:
    count = 0
    for sign in ("redness", "warmth", "swelling"):
        if sign in listed(s.a, "wound"):
            count += 1
    return count


def wound_infect(s: Seen) -> str | None:
    """`wound` holds pus_or_discharge, bad_smell or opening; or at least two of redness, warmth, swelling. same_day."""
    signs = listed(s.a, "wound")
    if "pus_or_discharge" in signs or "bad_smell" in signs or "opening" in signs:
        return "same_day"
    if mild_wound_signs(s) >= 2:
        return "same_day"
    return None


def wound_watch(s: Seen) -> str | None:
    """WOUND-INFECT does not fire and exactly one of redness, warmth, swelling is present.

    H < 72: routine; H ≥ 72: within_24h; one step higher if `immunosuppressed` or `steroids`.
    """
    if wound_infect(s) is not None or mild_wound_signs(s) != 1:
        return None
    tier = "within_24h"
    if s.h < hours(72):
        tier = "routine"
    if "immunosuppressed" in s.risks or "steroids" in s.risks:
        return one_step_higher(tier)
    return tier


# 7.5 Pain


def pain_up(s: Seen) -> str | None:
    """(a) N ≥ B + 2 and N ≥ 4; (b) N ≥ P + 2 and N ≥ 4 and not soreness-exempt; (c) `pain_change` = much_worse.

    When H < 12 the rule also needs N ≥ 8. same_day.
    """
    n, b = pain(s), pain_before(s)
    if s.h < hours(12) and (n is None or n < 8):
        return None
    if n is not None and b is not None and n >= b + 2 and n >= 4:
        return "same_day"
    if n is not None and risen_since_previous(s) and n >= 4 and not soreness_exempt(s):
        return "same_day"
    if s.a.get("pain_change") == "much_worse":
        return "same_day"
    return None


def pain_uncontrolled(s: Seen) -> str | None:
    """`pain_controlled` = no (whatever N is). same_day."""
    if s.a.get("pain_controlled") == "no":
        return "same_day"
    return None


def pain_recur(s: Seen) -> str | None:
    """H ≥ 48, N ≥ 4, N - L ≥ 3, at least 24 h since L was first reported, and there was relief.

    Relief: B - L ≥ 2 (baseline known) or L ≤ 3 (no baseline). L = lowest pain of all earlier post-procedure
    check-ins, first reported at the earliest with that value.
    within_24h; same_day if `fall` or `heavy_lifting` = yes or pain in new_place or `tumour`.
    """
    n, b = pain(s), pain_before(s)
    found = scores(s)
    if n is None or not found:
        return None
    lowest = min(score for _, score in found)
    first_reported = min(when for when, score in found if score == lowest)
    if s.h < hours(48) or n < 4 or n - lowest < 3:
        return None
    if s.at - first_reported < hours(24):
        return None
    if b is not None and b - lowest < 2:
        return None
    if b is None and lowest > 3:
        return None
    if (
        yes(s, "fall")
        or yes(s, "heavy_lifting")
        or "new_place" in listed(s.a, "pain_where")
        or "tumour" in s.risks
    ):
        return "same_day"
    return "within_24h"


def pain_newsite(s: Seen) -> str | None:
    """`pain_where` holds new_place and (N ≥ 4 or N not answered).

    within_24h; same_day if `fall` = yes or `heavy_lifting` = yes or `tumour`.
    """
    n = pain(s)
    if "new_place" not in listed(s.a, "pain_where"):
        return None
    if n is not None and n < 4:
        return None
    if yes(s, "fall") or yes(s, "heavy_lifting") or "tumour" in s.risks:
        return "same_day"
    return "within_24h"


def pain_trend(s: Seen) -> str | None:
    """The last three earlier scores and N are strictly rising (p1 < p2 < p3 < N) and N ≥ 4. within_24h."""
    n = pain(s)
    found = scores(s)
    if n is None or n < 4 or len(found) < 3:
        return None
    p1, p2, p3 = found[-3][1], found[-2][1], found[-1][1]
    if p1 < p2 and p2 < p3 and p3 < n:
        return "within_24h"
    return None


def pain_worse_said(s: Seen) -> str | None:
    """`pain_change` = worse, H ≥ 12, N ≥ 4 and not soreness-exempt. within_24h."""
    n = pain(s)
    if s.a.get("pain_change") != "worse" or s.h < hours(12):
        return None
    if n is None or n < 4 or soreness_exempt(s):
        return None
    return "within_24h"


def pain_severe(s: Seen) -> str | None:
    """N ≥ 8. H < 12: routine; H ≥ 12: within_24h."""
    n = pain(s)
    if n is None or n < 8:
        return None
    if s.h < hours(12):
        return "routine"
    return "within_24h"


def pain_norelief(s: Seen) -> str | None:
    """H ≥ 72 and either (baseline known, N ≥ 4, B - N < 2) or (no baseline, N ≥ 7).

    Routine; within_24h if `tumour`, or if baseline known and N ≥ 7.
    """
    n, b = pain(s), pain_before(s)
    if s.h < hours(72) or n is None:
        return None
    if b is None:
        if n < 7:
            return None
    elif n < 4 or b - n >= 2:
        return None
    if "tumour" in s.risks:
        return "within_24h"
    if b is not None and n >= 7:
        return "within_24h"
    return "routine"


# 7.6 Medicines, alertness, walking, wound care and activity


def drowsy(s: Seen) -> str | None:
    """`drowsy` = hard_to_stay_awake. same_day; emergency if `opioid_taken` = yes."""
    if s.a.get("drowsy") != "hard_to_stay_awake":
        return None
    if yes(s, "opioid_taken"):
        return "emergency"
    return "same_day"


def confused(s: Seen) -> str | None:
    """`confused` = yes. same_day."""
    if yes(s, "confused"):
        return "same_day"
    return None


def fall(s: Seen) -> str | None:
    """`fall` = yes. within_24h; same_day if `anticoagulant`, or N ≥ P + 2, or pain in new_place."""
    if not yes(s, "fall"):
        return None
    if "anticoagulant" in s.risks or risen_since_previous(s) or "new_place" in listed(s.a, "pain_where"):
        return "same_day"
    return "within_24h"


def walk_cannot(s: Seen) -> str | None:
    """`mobility` = cannot_walk, H ≥ 24, and baseline mobility was not cannot_walk. same_day."""
    if s.a.get("mobility") != "cannot_walk" or s.h < hours(24):
        return None
    if s.baseline.get("mobility") == "cannot_walk":
        return None
    return "same_day"


def walk_little(s: Seen) -> str | None:
    """`mobility` = bathroom_only, H ≥ 72, and baseline mobility was not bathroom_only or cannot_walk. Routine."""
    if s.a.get("mobility") != "bathroom_only" or s.h < hours(72):
        return None
    if s.baseline.get("mobility") in ("bathroom_only", "cannot_walk"):
        return None
    return "routine"


def drive(s: Seen) -> str | None:
    """`drove` = yes and (`opioid_taken` = yes or H < 24).

    Routine; within_24h if `drowsy` is a_bit or hard_to_stay_awake.
    """
    if not yes(s, "drove"):
        return None
    if not yes(s, "opioid_taken") and s.h >= hours(24):
        return None
    if s.a.get("drowsy") in ("a_bit", "hard_to_stay_awake"):
        return "within_24h"
    return "routine"


def bandage(s: Seen) -> str | None:
    """`bandage` = off or wet, and H < 48. Routine."""
    if s.a.get("bandage") in ("off", "wet") and s.h < hours(48):
        return "routine"
    return None


def immersion(s: Seen) -> str | None:
    """`immersion` = yes and H < 48. Routine; within_24h if `bandage` is off or wet."""
    if not yes(s, "immersion") or s.h >= hours(48):
        return None
    if s.a.get("bandage") in ("off", "wet"):
        return "within_24h"
    return "routine"


def lifting(s: Seen) -> str | None:
    """`heavy_lifting` = yes and H < 1008 (six weeks). Routine."""
    if yes(s, "heavy_lifting") and s.h < hours(1008):
        return "routine"
    return None


# 7.7 Text, data quality and silence


def says(words: str, phrases: list[str], negation: bool) -> bool:
    """6.9: whole words or phrases, each occurrence by itself; one directly after no, not or without is skipped."""
    for phrase in phrases:
        for hit in re.finditer(r"(?<!\w)" + re.escape(phrase) + r"(?!\w)", words):
            if negation and re.search(r"(?<!\w)(no|not|without) $", words[: hit.start()]):
                continue
            return True
    return False


def text(s: Seen) -> str | None:
    """`free_text` is not blank.

    Routine; within_24h for a worry word; same_day for an alarm phrase; emergency for self-harm words.
    """
    written = s.a.get("free_text")
    if written is None or written.strip() == "":
        return None
    straight = written.lower().replace("\u2019", "'").replace("\u2018", "'").replace("\u02bc", "'")
    words = re.sub(r"[ \r\n]+", " ", straight)
    if says(words, SELF_HARM, negation=False):
        return "emergency"
    if says(words, ALARM, negation=True):
        return "same_day"
    if says(words, WORRY, negation=True):
        return "within_24h"
    return "routine"


def call_me(s: Seen) -> str | None:
    """`wants_call` = yes. within_24h."""
    if yes(s, "wants_call"):
        return "within_24h"
    return None


def answers_conflict(s: Seen) -> str | None:
    """(a) `pain_controlled` = no and N ≤ 2; (b) `cannot_move` = yes and `mobility` = usual; (c) `pain_change` = better
    and N ≥ P + 2; (d) worse or much_worse and N ≤ P - 2; (e) `bleeding` = soaking and `bandage` = on_dry. Routine.
    """
    n, p = pain(s), previous_pain(s)
    if s.a.get("pain_controlled") == "no" and n is not None and n <= 2:
        return "routine"
    if yes(s, "cannot_move") and s.a.get("mobility") == "usual":
        return "routine"
    if s.a.get("pain_change") == "better" and risen_since_previous(s):
        return "routine"
    if s.a.get("pain_change") in ("worse", "much_worse") and n is not None and p is not None and n <= p - 2:
        return "routine"
    if s.a.get("bleeding") == "soaking" and s.a.get("bandage") == "on_dry":
        return "routine"
    return None


def incomplete(s: Seen) -> str | None:
    """`status` = completed and a required answer is null, or both temperature and feels_feverish are missing.

    An unusable temperature does not count as missing. within_24h.
    """
    if s.a.get("status") != "completed":
        return None
    for name in REQUIRED:
        if s.a.get(name) is None:
            return "within_24h"
    if not has_temperature(s.a) and s.a.get("feels_feverish") is None:
        return "within_24h"
    return None


def late_entry(s: Seen) -> str | None:
    """`received_at` - `observed_at` > 6 h. Routine."""
    if s.transit > hours(6):
        return "routine"
    return None


def temp_unit(s: Seen) -> str | None:
    """Value outside 34.0-43.0 for C or 93.2-109.4 for F. Routine."""
    if not has_temperature(s.a):
        return None
    unit = s.a["temp"].get("unit")
    if unit in RANGES and fits(s.a["temp"]["value"], unit):
        return None
    return "routine"


RULES = {
    "NEURO-MOVE": neuro_move,
    "NEURO-WEAK": neuro_weak,
    "NEURO-NUMB": neuro_numb,
    "NEURO-SADDLE": neuro_saddle,
    "NEURO-RADIATE": neuro_radiate,
    "BLADDER": bladder,
    "BOWEL": bowel,
    "TIRED": tired,
    "SYMPTOM-ONGOING": symptom_ongoing,
    "BASELINE-UNKNOWN": baseline_unknown,
    "BREATH": breath,
    "CHEST": chest,
    "COUGH": cough,
    "LEG-CLOT": leg_clot,
    "ALLERGY-SEVERE": allergy_severe,
    "ALLERGY-MILD": allergy_mild,
    "BLEED-HEAVY": bleed_heavy,
    "BLEED-OOZE": bleed_ooze,
    "BLEED-SPOT": bleed_spot,
    "THINNER": thinner,
    "FEVER": fever,
    "SEPSIS": sepsis,
    "TEMP-WATCH": temp_watch,
    "WOUND-INFECT": wound_infect,
    "WOUND-WATCH": wound_watch,
    "PAIN-UP": pain_up,
    "PAIN-UNCONTROLLED": pain_uncontrolled,
    "PAIN-RECUR": pain_recur,
    "PAIN-NEWSITE": pain_newsite,
    "PAIN-TREND": pain_trend,
    "PAIN-WORSE-SAID": pain_worse_said,
    "PAIN-SEVERE": pain_severe,
    "PAIN-NORELIEF": pain_norelief,
    "DROWSY": drowsy,
    "CONFUSED": confused,
    "FALL": fall,
    "WALK-CANNOT": walk_cannot,
    "WALK-LITTLE": walk_little,
    "DRIVE": drive,
    "BANDAGE": bandage,
    "IMMERSION": immersion,
    "LIFTING": lifting,
    "TEXT": text,
    "CALL-ME": call_me,
    "ANSWERS-CONFLICT": answers_conflict,
    "INCOMPLETE": incomplete,
    "LATE-ENTRY": late_entry,
    "TEMP-UNIT": temp_unit,
}


@dataclass
class Silence:
    """What the timer is judged by. `h` is the time since time zero at `now`; `completed` is in order."""

    risks: list
    h: timedelta
    completed: list[tuple[datetime, dict]]
    missed: list[int]  # opening hours of the missed slots
    latest_tier: str


def listen(case: dict) -> Silence:
    """A timer sees check-ins with observed_at at or before `now` (6.10).

    A slot is missed if close ≤ hours at `now` and no completed check-in has H ≥ its open time (§4).
    """
    procedure, history = case["procedure"], case.get("history") or []
    zero, now = datetime.fromisoformat(procedure["at"]), datetime.fromisoformat(case["now"])
    completed = []
    for when, item in ordered(history, procedure):
        if not is_baseline(item) and item.get("status") == "completed" and when <= now:
            completed.append((when, item))
    missed = []
    for opens, closes in SLOTS:
        if hours(closes) <= now - zero and not any(when - zero >= hours(opens) for when, _ in completed):
            missed.append(opens)
    latest_tier = "none"
    if completed:
        latest = judge({"procedure": procedure, "history": history, "check_in": completed[-1][1]})
        latest_tier = latest["urgency"]
    return Silence(
        risks=procedure.get("risk_factors") or [],
        h=now - zero,
        completed=completed,
        missed=missed,
        latest_tier=latest_tier,
    )


def never_started(t: Silence) -> str | None:
    """At time `now`, H ≥ 36 and no completed post-procedure check-in.

    within_24h; same_day if `anticoagulant`, `tumour` or `immunosuppressed`.
    """
    if t.h < hours(36) or t.completed:
        return None
    if "anticoagulant" in t.risks or "tumour" in t.risks or "immunosuppressed" in t.risks:
        return "same_day"
    return "within_24h"


def missed_1(t: Silence) -> str | None:
    """At time `now`, exactly one missed slot, and not NEVER-STARTED.

    Routine; within_24h if the latest completed check-in had tier same_day or emergency.
    """
    if len(t.missed) != 1 or never_started(t) is not None:
        return None
    if t.latest_tier in ("same_day", "emergency"):
        return "within_24h"
    return "routine"


def missed_2(t: Silence) -> str | None:
    """At time `now`, two or more missed slots, and not NEVER-STARTED.

    within_24h; routine if the latest missed slot opens at 480 h or later; same_day if the latest completed check-in
    had tier same_day or emergency (this wins).
    """
    if len(t.missed) < 2 or never_started(t) is not None:
        return None
    if t.latest_tier in ("same_day", "emergency"):
        return "same_day"
    if t.missed[-1] >= 480:
        return "routine"
    return "within_24h"


SILENCE_RULES = {"MISSED-1": missed_1, "MISSED-2": missed_2, "NEVER-STARTED": never_started}


def judge(case: dict) -> dict[str, Any]:
    """The verdict on `case["check_in"]`, or, where that is null, on the silence at `case["now"]`."""
    tiers: dict[str, str] = {}
    if case.get("check_in") is not None:
        s = see(case)
        for name, rule in RULES.items():
            tier = rule(s)
            if tier is not None:
                tiers[name] = tier
    else:
        t = listen(case)
        if t.h < hours(2040):  # §4: an episode ends at H = 2040; no timer rule fires once it has ended
            for name, silence_rule in SILENCE_RULES.items():
                tier = silence_rule(t)
                if tier is not None:
                    tiers[name] = tier
    urgency = "none"
    for tier in tiers.values():
        if ORDER.index(tier) > ORDER.index(urgency):
            urgency = tier
    return {"rules": sorted(tiers), "tiers": tiers, "urgency": urgency}
