"""BIRD 3's own test of its filters, which stands beside a BIRD 3 that was built: every suite passes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pybird.tools.test import Trial
from tests.bt.claims import language

FILE = Path(os.environ.get("BIRD3_DIR", "")) / "filter" / "test.conf"


@pytest.mark.skipif(not os.environ.get("BIRD3_DIR") or not FILE.exists(), reason="no BIRD 3")
def test_every_suite_of_bird_3_passes() -> None:
    trial = Trial(language().load(str(FILE)))
    trial.run_suites()
    assert len(trial.results) >= 50
    failures = [(result.name, failure.text) for result in trial.results for failure in result.failures]
    assert failures == []
