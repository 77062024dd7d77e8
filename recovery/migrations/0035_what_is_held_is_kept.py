"""Nothing of a person under a legal hold is let go, either; and who is erased takes along the numbers by which they
could be reached before these were changed."""

from importlib import import_module

from django.db import migrations

LET_GO = import_module("recovery.migrations.0032_what_is_let_go").LET_GO
REMOVE = import_module("recovery.migrations.0031_caregivers").WITH_CAREGIVERS


def _is_free(row):
    return (
        "NOT EXISTS (SELECT FROM recovery_episode held JOIN recovery_legalhold hold"
        f" ON hold.patient_id = held.patient_id WHERE held.id = {row}.episode_id AND hold.lifted_at IS NULL)"
    )


# Where each kind that is somebody's says what may go.
WHICH = {
    "t.status NOT IN ('waiting', 'sending')": "t",
    "EXISTS (SELECT FROM recovery_episode e WHERE e.id = t.episode_id AND e.status = 'ended')": "t",
    "t.redeemed_at IS NULL": "t",
    "n.status IN ('sent', 'failed', 'dropped')": "a",
    "length(q.body) > 0": "q",
}
CHANGED = """    UPDATE recovery_episodeevent
       SET was = was - '{phone,caregiver_name,caregiver_phone,call_first,call_notes}'::text[]
     WHERE episode_id = ANY (theirs) AND what = 'changed contacts';
"""
NOT_ALL = "    IF NOT everything THEN\n"


def _once(text, part, instead):
    if text.count(part) != 1:
        raise ValueError(f"{part!r} stands there {text.count(part)} times")
    return text.replace(part, instead)


def _anew(function):
    return _once(function, "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


UNLESS_HELD = _anew(LET_GO)
for which, row in WHICH.items():
    UNLESS_HELD = _once(UNLESS_HELD, which, f"{which} AND {_is_free(row)}")


class Migration(migrations.Migration):
    dependencies = [("recovery", "0034_defects_are_accepted")]

    operations = [
        migrations.RunSQL(UNLESS_HELD, _anew(LET_GO)),
        migrations.RunSQL(_once(REMOVE, NOT_ALL, CHANGED + NOT_ALL), REMOVE),
    ]
