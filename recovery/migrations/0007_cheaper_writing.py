"""What PostgreSQL reads anew with every row that is written is made small: long expressions become functions."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models.functions import Cast

CELSIUS = """
    CREATE FUNCTION recovery_celsius(answers jsonb) RETURNS numeric
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    DECLARE
        -- The two ranges do not overlap, so a value is read in the unit that it fits (specification 6.4),
        -- whatever was ticked.
        entered numeric := (answers #>> '{temp,value}')::numeric(12, 4);
    BEGIN
        RETURN CASE WHEN entered BETWEEN 34.0 AND 43.0 THEN entered
                    WHEN entered BETWEEN 93.2 AND 109.4 THEN (entered - 32) * 5 / 9 END;
    END $$
"""

FEVER = """
    CREATE FUNCTION recovery_fever(answers jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    DECLARE
        -- For charts and filters: 38.0 C / 100.4 F or more, or felt without a usable reading. What counts as fever
        -- for one patient (own limit, rigors) is judged by the protocol, not here.
        entered numeric := (answers #>> '{temp,value}')::numeric(12, 4);
    BEGIN
        RETURN CASE WHEN entered BETWEEN 34.0 AND 43.0 THEN entered >= 38.0
                    WHEN entered BETWEEN 93.2 AND 109.4 THEN entered >= 100.4
                    WHEN answers ->> 'feels_feverish' = 'yes' THEN true
                    WHEN answers ->> 'feels_feverish' = 'no' THEN false END;
    END $$
"""

RISK_FACTORS = (
    "{anticoagulant,tumour,immunosuppressed,steroids,age_65_plus,levels_3_plus,osteoporosis,lung_disease,"
    "allergy_history,lives_alone}"
)
DEGREES = models.DecimalField(decimal_places=2, max_digits=5, null=True)
YES_OR_NO = models.BooleanField(null=True)


def generated(name: str, function: str, output: models.Field) -> list[migrations.operations.base.Operation]:
    """A generated column cannot be altered: it is taken away and put back."""
    expression = models.Func("answers", function=function, output_field=output)
    field = models.GeneratedField(db_persist=True, expression=expression, output_field=output)
    return [migrations.RemoveField("checkin", name), migrations.AddField("checkin", name, field)]


class Migration(migrations.Migration):
    dependencies = [("recovery", "0006_held_to_the_episode")]

    operations = [
        migrations.RunSQL(CELSIUS, "DROP FUNCTION recovery_celsius"),
        migrations.RunSQL(FEVER, "DROP FUNCTION recovery_fever"),
        *generated("temperature_c", "recovery_celsius", DEGREES),
        *generated("fever", "recovery_fever", YES_OR_NO),
        migrations.RemoveConstraint("episode", "risk_factors_known"),
        migrations.AddConstraint(
            "episode",
            models.CheckConstraint(
                condition=models.Q(
                    risk_factors__contained_by=Cast(
                        models.Value(RISK_FACTORS), ArrayField(models.CharField())
                    )
                ),
                name="risk_factors_known",
            ),
        ),
    ]
