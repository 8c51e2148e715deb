"""Who may import whom (docs/architecture.md). The core never names a protocol."""

import ast
from pathlib import Path

import pytest

import pybird

ROOT = Path(pybird.__file__).parent

# A package may import from itself and from these.
ALLOWED = {
    "values": set(),
    "wire": {"values"},
    "filter": {"values", "wire"},
    "conf": {"values", "wire", "filter"},
    "core": {"values", "wire", "filter", "conf"},
    "proto": {"values", "wire", "filter", "conf", "core"},
    "io": {"values", "wire", "filter", "conf", "core"},
    "sim": {"values", "wire", "filter", "conf", "core"},
    "cli": {"values", "wire", "filter", "conf", "core", "proto"},
    "client": {"values"},
    "tools": {"values", "wire", "filter", "conf", "core", "proto", "cli", "client", "io", "sim"},
    "main": {
        "daemon",
        "options",
        "values",
        "wire",
        "filter",
        "conf",
        "core",
        "proto",
        "cli",
        "io",
        "sim",
        "tools",
    },
    "daemon": {"values", "filter", "conf", "core", "proto", "cli", "io", "options"},
    "options": set(),
    "__main__": {"main"},
    "__init__": {"client"},
}


def modules():
    return sorted(ROOT.rglob("*.py"))


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imports(path: Path):
    """Every `pybird` module that a file names in an import, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module and node.module.split(".")[0] == "pybird":
                names = node.module.split(".")[1:]
                if names:
                    yield ".".join(names)
                else:
                    yield from (alias.name for alias in node.names if not alias.name.startswith("__"))
        elif isinstance(node, ast.Import):
            yield from (a.name.removeprefix("pybird.") for a in node.names if a.name.startswith("pybird."))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path):
    own = package_of(path)
    for name in imports(path):
        package = name.split(".")[0]
        assert package == own or package in ALLOWED[own], f"{own} imports {name}"


def protocol_folders() -> list[str]:
    return sorted(p.name for p in (ROOT / "proto").iterdir() if (p / "__init__.py").exists())


@pytest.mark.parametrize("folder", protocol_folders())
def test_a_protocol_imports_no_other(folder):
    for path in (ROOT / "proto" / folder).rglob("*.py"):
        for name in imports(path):
            if name.startswith("proto."):
                assert name.split(".")[1] == folder, f"{path.name} imports {name}"


@pytest.mark.parametrize("package", ["core", "conf", "filter", "values", "io", "sim"])
def test_what_is_shared_names_no_protocol(package):
    names = set(protocol_folders()) - {
        "device",
        "kernel",
        "static",
        "direct",
        "evpn",
    }  # words of other meanings too
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in names, f"{path}:{node.lineno} names {node.value!r}"


def test_only_io_and_main_touch_the_machine():
    """Sockets, processes, files and asyncio belong to io; the rest is given what it needs."""
    forbidden = {"asyncio", "socket", "select", "selectors", "subprocess", "threading"}
    for path in modules():
        if package_of(path) in {"io", "main", "daemon", "client", "tools"}:
            continue
        if path.name == "depth.py":  # a thread for its stack; the caller waits for it
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found = {alias.name.split(".")[0] for alias in node.names} & forbidden
            elif isinstance(node, ast.ImportFrom) and node.module:
                pure = node.module == "socket" and {a.name for a in node.names} <= {
                    "AF_INET",
                    "AF_INET6",
                    "inet_ntop",
                    "inet_pton",
                }
                found = set() if pure else {node.module.split(".")[0]} & forbidden
            else:
                continue
            assert not found, f"{path}: imports {found}"
