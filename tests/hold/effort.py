"""How hard the generated tests try. `HYPOTHESIS_PROFILE=nightly` tries fifty times as many examples, and shrinks.

By day a failing example is shown as it was found: making it smaller takes minutes against a database, longer than a
test may last.
"""

import os

from hypothesis import HealthCheck, Phase, settings

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


def effort(examples: int, **more: int) -> settings:
    return settings(
        max_examples=examples * 50 if NIGHTLY else examples,
        phases=[phase for phase in Phase if NIGHTLY or phase is not Phase.shrink],
        deadline=None,
        report_multiple_bugs=False,
        print_blob=True,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,  # a scene, left as it was found
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
        ],
        **more,
    )
