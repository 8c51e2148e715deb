"""The cases, a file for each subject."""

import importlib
import pkgutil


def load() -> None:
    """Import every file of this folder, so that `CASES` has its cases."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
