"""`python -m pybird` is the daemon and its subcommands."""

from pybird.main import run

run()
