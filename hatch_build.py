"""What a wheel brings beyond the sources: parser tables, and compiled hot modules.

The tables of `grammar/` are computed here, so that an installed daemon need not
compute and cache them. The hot modules are compiled with mypyc when a compiler
is there. The same .py files are shipped beside the compiled ones, so a wheel without
them (PYBIRD_COMPILE=0, no compiler, an editable install) behaves the same and
is only slower. `pybird --version` says which form runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Budgeted by benchmarks/; each is plain slotted classes and module-level Final constants.
HOT_MODULES = (
    "pybird/values/route.py",
    "pybird/values/attributes.py",
    "pybird/values/bogus.py",
    "pybird/values/prefixset.py",
    "pybird/values/aspath.py",
    "pybird/values/community.py",
    "pybird/values/sets.py",
    "pybird/values/pathmask.py",
    "pybird/filter/runtime.py",
    "pybird/filter/route_context.py",
    "pybird/filter/net_answers.py",
    "pybird/core/selection.py",
    "pybird/core/table.py",
    "pybird/core/statistics.py",
    "pybird/core/export/receiver.py",
    "pybird/core/export/backlog.py",
    "pybird/core/export/batch.py",
    "pybird/core/export/member.py",
    "pybird/core/lookup/roa.py",
    "pybird/core/policy.py",
    "pybird/core/export/paths.py",
    "pybird/core/export/group.py",
    "pybird/core/export/single_group.py",
    "pybird/core/export/joining.py",
    "pybird/core/channel.py",
    "pybird/proto/bgp/wire/messages.py",
    "pybird/proto/bgp/wire/nlri.py",
    "pybird/proto/bgp/wire/flow.py",
    "pybird/proto/bgp/wire/evpn.py",
    "pybird/proto/bgp/family.py",
    "pybird/proto/bgp/wire/attributes.py",
    "pybird/proto/bgp/wire/aigp.py",
    "pybird/proto/bgp/wire/canonical.py",
    "pybird/proto/bgp/wire/confederation.py",
    "pybird/proto/bgp/wire/updates.py",
    "pybird/proto/bgp/routes/export.py",
    "pybird/proto/bgp/routes/nexthop.py",
    "pybird/proto/bgp/routes/selection.py",
)


class CompileHotModules(BuildHookInterface):  # type: ignore[type-arg]
    """Adds parser tables and the shared objects of `HOT_MODULES` to a standard wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self._folders: list[Path] = []
        if version == "editable":
            return
        build_data["force_include"][str(self._tables())] = "pybird/grammar/tables.marshal"
        if os.environ.get("PYBIRD_COMPILE", "1") == "0":
            return
        if shutil.which(os.environ.get("CC", "cc")) is None:
            self.app.display_warning("no C compiler: building the pure Python form")
            return
        for path in self._compile():
            build_data["force_include"][str(path)] = str(path.relative_to(self._output))
        build_data["infer_tag"] = True
        build_data["pure_python"] = False

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """The wheel is there: what it was made of may go."""
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _folder(self) -> Path:
        made = Path(tempfile.mkdtemp(prefix="pybird-build-"))
        self._folders.append(made)
        return made

    def _tables(self) -> Path:
        target = self._folder() / "tables.marshal"
        command = "import sys; from pathlib import Path; from pybird.conf.tables import ship; "
        command += "ship(Path(sys.argv[1]), Path(sys.argv[2]))"
        # in a process of its own: the build's own modules stay out of the way
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([self.root, *sys.path])}
        subprocess.run(
            [sys.executable, "-c", command, str(Path(self.root) / "grammar"), str(target)],
            check=True,
            env=environment,
        )
        return target

    def _compile(self) -> list[Path]:
        from mypyc.build import mypycify
        from setuptools import Distribution

        self._output = self._folder()
        here = os.getcwd()
        os.chdir(self.root)
        try:
            extensions = mypycify(
                ["--strict", *HOT_MODULES],
                opt_level="3",
                group_name="pybird",
                target_dir=str(self._output / "c"),
            )
            command = Distribution({"name": "pybird", "ext_modules": extensions}).get_command_obj("build_ext")
            command.build_lib = str(self._output)
            command.build_temp = str(self._output / "tmp")
            command.ensure_finalized()
            command.run()
        finally:
            os.chdir(here)
        return sorted(self._output.rglob("*.so"))
