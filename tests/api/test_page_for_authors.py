import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system import System

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"

ENROL = """
from datetime import UTC, datetime, timedelta
from recovery import enrolment, tenancy
from tests import factories
tenancy.assume_every_clinic()
now = datetime.now(UTC)
episode = factories.episode(procedure_at=now - timedelta(hours=8), baseline_at=now - timedelta(hours=10), now=now)
print("CODE", enrolment.issue_code(episode=episode, now=now))
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_the_examples_work_as_they_stand(django_db_setup: None) -> None:
    script = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL))
    with System() as system:
        code = system.manage("shell", "-c", ENROL).split("CODE ")[1].split()[0]
        system.start("web")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={"BASE": system.url, "CODE": code, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )

    assert done.returncode == 0, done.stderr
    me, _, sent, corrected, history, _, withdrawn, batch, *more, signed_off = done.stdout.splitlines()
    reminding, helping, looking = more[:4], more[4:9], more[9:]
    assert json.loads(me)["episode"]["procedure"] == "vertebroplasty"
    assert [json.loads(answer)["urgency"] for answer in (sent, corrected)] == ["same_day", "within_24h"]
    assert len(json.loads(history)["check_ins"]) == 1
    assert withdrawn == signed_off == ""
    _, chosen, standing, opened = map(json.loads, reminding)
    assert (chosen["address_hint"], standing, "opened_at" in opened) == ("...123", {"reminders": []}, True)
    assert [result["status"] for result in json.loads(batch)["results"]] == [201, 422]
    *answers, ended = helping
    helpers, code, helper, phones = map(json.loads, answers)
    assert (helpers["caregivers"], helper["scope"], len(phones["phones"]), ended) == ([], "read", 1, "")
    assert code["code"]
    staff, own = map(json.loads, looking)
    assert (staff["looks"], len(own["looks"])) == ([], 5)
