"""Namespaces for each case, made and removed as the interop tests do it."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interop.lab import Lab, remove_leftovers, why_no_namespaces


@pytest.fixture(scope="session")
def _namespaces():
    reason = why_no_namespaces()
    if reason is None:
        remove_leftovers()
    return reason


@pytest.fixture
def new_lab(_namespaces):
    """Makes laboratories, one after the other; what no daemon may log is a failure."""
    if _namespaces:
        pytest.skip(_namespaces)

    @contextmanager
    def make():
        with tempfile.TemporaryDirectory(prefix="pybird-side-") as folder, Lab(Path(folder)) as lab:
            yield lab
            bugs = lab.bugs()
            assert not bugs, "\n".join(bugs)

    return make
