"""Interop tests skip where namespaces or a peer are missing; in CI nothing may skip."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.interop.lab import Lab, missing, remove_leftovers, why_no_namespaces

HERE = Path(__file__).parent
REASON = why_no_namespaces()


@pytest.fixture
def lab(request):
    need = request.node.get_closest_marker("peer")
    reason = REASON or missing(*(need.args if need else ()))
    if reason:
        pytest.skip(reason)
    # not pytest's folder, which only its owner may enter
    with tempfile.TemporaryDirectory(prefix="pybird-lab-") as folder, Lab(Path(folder)) as made:
        yield made
        bugs = made.bugs()
        assert not bugs, "\n".join(bugs)


@pytest.fixture(params=["", "BIRD219_DIR", "BIRD3_DIR"], ids=["bird2.0", "bird2.19", "bird3"])
def birds(request):
    """The folder of BIRD's programs: Debian's bird2, and each newer build whose folder the variable names."""
    return os.environ[request.param] if request.param else "/usr/sbin"


@pytest.fixture(scope="session", autouse=True)
def _no_leftovers():
    if REASON is None:
        remove_leftovers()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows how its hosts and daemons were when it failed."""
    outcome = yield
    made = item.funcargs.get("lab") if hasattr(item, "funcargs") else None
    if outcome.get_result().failed and call.when == "call" and made is not None:
        outcome.get_result().sections.append(("the lab", made.report()))


def pytest_collection_modifyitems(config, items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.interop)
    away = [item for item in items if not _has_build(item)]
    if away:
        config.hook.pytest_deselected(items=away)
        items[:] = [item for item in items if item not in away]
    # what waits for a minute begins first, beside the others
    items.sort(key=lambda item: "minutes_after" not in item.name)


def _has_build(item):
    """Tests with another build of a daemon are for those who say where it is."""
    callspec = getattr(item, "callspec", None)
    params = callspec.params if callspec and HERE in item.path.parents else {}
    variables = [params[name] for name in ("variable", "birds") if params.get(name)]
    return all(os.environ.get(variable) for variable in variables)
