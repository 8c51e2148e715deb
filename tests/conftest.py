"""Tests are deterministic: generated ones take the same examples every time.

`HYPOTHESIS_PROFILE=search` looks for new ones. Tests whose peers, rights or files
are missing skip; in CI (`PYBIRD_CI`) that is a failure.
"""

import os

import pytest
from hypothesis import settings

from pybird.conf.options import Refused, number
from pybird.proto.bgp.build import OPTIONS

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# What CI's machine need not have: builds of newer BIRDs, a checkout of netlab, parts of the kernel.
MAY_SKIP = ("no BIRD 2.19", "no BIRD 3", "NETLAB_DIR", "this kernel")


@pytest.fixture
def refused(monkeypatch):
    """`confederation N` of BGP is refused, as an option of BIRD that does not act yet."""
    monkeypatch.setitem(OPTIONS, "confederation", Refused("it is not there", number("confederation")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get("PYBIRD_CI") and not hasattr(report, "wasxfail"):
        _path, _line, reason = report.longrepr
        if not any(allowed in reason for allowed in MAY_SKIP):
            report.outcome = "failed"
            report.longrepr = f"must not skip in CI: {reason}"
    return report
