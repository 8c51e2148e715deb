"""`python -m pybird.client` is `pybirdc`."""

from pybird.client.main import run

run()
