"""Who may import whom (docs/architecture.md). The core never names a protocol."""

import ast
from pathlib import Path

import pytest

import pybird
from tests.import_graph import read_imports

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


@pytest.mark.parametrize("package", ["cli", "client", "daemon", "main"])
def test_who_shows_protocols_knows_their_registry_only(package):
    for module, names in read_imports(ROOT).all.items():
        if module.split(".")[0] == package:
            inside = sorted(name for name in names if name.startswith("proto."))
            assert not inside, f"{module} imports {inside}: let the protocol's type say it"


# The rooms of a package, and those that each may import from. What stands above them, in the
# package itself, is for all of them and is not asked for here (tests/test_import_circles.py is).
ROOMS = {
    "core": {
        "export": set(),
        "forwarding": set(),
        "labels": set(),
        "lookup": {"forwarding"},
        "reload": {"export"},
    },
    "proto/bgp": {
        "wire": set(),
        "session": {"wire"},
        "routes": {"wire", "session"},
        "dynamic": {"wire", "session", "routes"},
    },
}


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_import_one_way(package):
    folder = ROOT / package
    rooms = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert rooms == set(ROOMS[package])
    prefix = package.replace("/", ".") + "."
    for room, below in ROOMS[package].items():
        for path in (folder / room).rglob("*.py"):
            for name in imports(path):
                other = name.removeprefix(prefix).split(".")[0] if name.startswith(prefix) else ""
                assert other not in rooms - {room} - below, f"{room}/{path.name} imports {name}"


def protocol_folders() -> list[str]:
    return sorted(p.name for p in (ROOT / "proto").iterdir() if (p / "__init__.py").exists())


@pytest.mark.parametrize("folder", protocol_folders())
def test_a_protocol_imports_no_other(folder):
    for path in (ROOT / "proto" / folder).rglob("*.py"):
        for name in imports(path):
            if name.startswith("proto."):
                assert name.split(".")[1] == folder, f"{path.name} imports {name}"


# ------------------------------------------- what is shared asks for no protocol

SHARED = ["values", "filter", "conf", "core", "io", "sim", "cli"]


def asked(source: str) -> list[str]:
    """Where a module asks which protocol it has before it, or knows one by name.

    The name of a protocol's type may be carried, shown, looked up among the
    `types` that were given, and compared with another's; no protocol is named.
    Words are no matter: `static` and `blackhole` are words of other meanings too.
    """
    tree = ast.parse(source)
    aliases = {name for node in ast.walk(tree) for name in _aliases(node)}
    return [ast.unparse(node) for node in ast.walk(tree) if _asks(node, aliases)]


def _is_type_name(node: ast.AST, aliases: set[str]) -> bool:
    """`config.type_name`, `instance.type.name`, or a variable that holds one."""
    if isinstance(node, ast.Name):
        return node.id in aliases
    if not isinstance(node, ast.Attribute):
        return False
    owner = node.value
    return node.attr == "type_name" or (
        node.attr in {"name", "title"} and isinstance(owner, ast.Attribute) and owner.attr == "type"
    )


def _aliases(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Assign | ast.NamedExpr) and _is_type_name(node.value, set()):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {target.id for target in targets if isinstance(target, ast.Name)}
    return set()


def _is_types(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node).split(".")[-1].lstrip("_") == "types"
    )


def _asks(node: ast.AST, aliases: set[str]) -> bool:
    match node:
        case ast.Compare():
            known = [_is_type_name(one, aliases) for one in (node.left, *node.comparators)]
            return any(known) and not all(known) and not _is_types(node.comparators[-1])
        case ast.Match():
            return any(_is_type_name(one, aliases) for one in ast.walk(node.subject))
        case ast.Call(func=ast.Attribute(value=owner)) if _is_type_name(owner, aliases):
            return True
        case ast.Subscript():
            return _looks_up(node.value, node.slice, aliases)
        case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key, *_]):
            return _looks_up(owner, key, aliases)
        case ast.Constant(value=str(text)):
            return text.startswith("pybird.proto")
    return False


def _looks_up(owner: ast.AST, key: ast.AST, aliases: set[str]) -> bool:
    """By a type's name elsewhere than in `types`, or a fixed one there."""
    if _is_types(owner):
        return isinstance(key, ast.Constant) and isinstance(key.value, str)
    return _is_type_name(key, aliases)


OWNERS = {"core.instances", "core.router", "core.reload.reconfiguration"}
ENGINES = [path for path in sorted((ROOT / "proto").rglob("*.py")) if path.name != "commands.py"]


@pytest.mark.parametrize("path", ENGINES, ids=lambda path: path.stem)
def test_a_protocol_is_given_services_and_only_its_commands_know_the_router(path):
    assert OWNERS.isdisjoint(imports(path))


def private_names(class_node):
    """What a class and its instances have for themselves: `_name`."""
    names = {node.name for node in class_node.body if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(class_node):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return {name for name in names if name.startswith("_") and not name.endswith("__")}


def classes(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]


def test_a_protocol_takes_no_private_name_of_the_instance_that_it_is():
    base = next(node for node in classes(ROOT / "core" / "protocol.py") if node.name == "Instance")
    taken = private_names(base)
    assert "_carry_out" in taken
    kinds = ("Instance", "Discoverer", "Spawner")
    for path in sorted((ROOT / "proto").rglob("*.py")):
        for node in classes(path):
            if any(ast.unparse(each).split("[")[0] in kinds for each in node.bases):
                assert not private_names(node) & taken, f"{path}: {node.name}"


@pytest.mark.parametrize("path", sorted((ROOT / "proto").rglob("*.py")), ids=lambda path: path.stem)
def test_no_protocol_asserts_what_its_config_is(path):
    """`Instance[C]` says it."""
    asserted = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Assert)]
    assert not [found for node in asserted if "Config)" in (found := ast.unparse(node))]


@pytest.mark.parametrize("package", SHARED)
def test_what_is_shared_asks_no_protocol_for_its_type(package):
    paths = sorted((ROOT / package).rglob("*.py"))
    found = {f"{path.relative_to(ROOT)}: {text}" for path in paths for text in asked(path.read_text())}
    assert not found, "a decision by the protocol's type: let the protocol say it"


@pytest.mark.parametrize("package", ["filter", "conf", "core", "io", "sim", "cli"])
def test_what_is_shared_asks_no_route_for_its_protocol(package):
    """`Rts` tells which protocol a route is of: for filters and people, not for decisions."""
    for path in (ROOT / package).rglob("*.py"):
        if path.name == "attribute_text.py":  # it shows the name
            continue
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert "Rts" not in names, f"{path.relative_to(ROOT)} imports Rts"


@pytest.mark.parametrize(
    "text",
    [
        "config.type_name == 'static'",
        "'kernel' != config.type_name",
        "config.type_name in WITH_TABLE",
        "instance.type.name in ('device', 'direct')",
        "instance.type.title == 'BGP'",
        "config.type_name.startswith('b')",
        "KINDS[config.type_name]",
        "KINDS.get(config.type_name, None)",
        "self.types['bgp']",
        "router.types.get('radv')",
        "'pybird.proto.bgp.peer'",
    ],
)
def test_a_question_for_the_protocol_is_found(text):
    assert asked(f"def f():\n    if {text}: pass") == [text]


@pytest.mark.parametrize(
    "text",
    [
        "kind = config.type_name\nif kind == 'bgp': pass",
        "if (kind := config.type_name) and kind == 'bgp': pass",
        "match config.type_name:\n    case 'bgp': pass",
    ],
)
def test_a_question_in_two_steps_is_found(text):
    assert asked(text)


@pytest.mark.parametrize(
    "text",
    [
        "old.type_name != new.type_name",
        "self.types[config.type_name]",
        "self.types.get(config.type_name)",
        "config.type_name in self._types",
        "f'protocol {config.type_name}'",
        "Draft(type_name=builder.type.name)",
        "word in ('static', 'blackhole')",
        "table.name == 'bgp'",
    ],
)
def test_words_and_names_that_are_carried_are_no_question(text):
    assert asked(text) == []
