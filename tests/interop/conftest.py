"""Interop tests skip where namespaces or a peer are missing; in CI nothing may skip."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.interop.lab import Lab, missing, why_no_namespaces

REASON = why_no_namespaces()


@pytest.fixture
def lab(request):
    need = request.node.get_closest_marker("peer")
    reason = REASON or missing(*(need.args if need else ()))
    if reason and os.environ.get("PYBIRD_CI"):
        pytest.fail(f"must not skip in CI: {reason}")
    if reason:
        pytest.skip(reason)
    # not pytest's folder, which only its owner may enter
    with tempfile.TemporaryDirectory(prefix="pybird-lab-") as folder, Lab(Path(folder)) as made:
        yield made


def pytest_collection_modifyitems(items):
    for item in items:
        if "interop" in item.path.parts:
            item.add_marker(pytest.mark.interop)
