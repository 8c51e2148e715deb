"""prometheus-bird-exporter, as Debian has it, reads our control socket."""

import re
import shutil

import pytest

from tests.interop.configs import autopeer
from tests.interop.lab import Daemon, until
from tests.interop.test_autopeer import give_addresses, up

METRIC = re.compile(r"^(bird_protocol_[a-z0-9_]+)\{(.*)\} ([0-9.e+]+)$")


def metrics(text):
    """Values by metric name, protocol and address family."""
    found = {}
    for line in text.splitlines():
        if match := METRIC.match(line):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', match[2]))
            found[match[1], labels.get("name"), labels.get("ip_version")] = float(match[3])
    return found


@pytest.mark.peer("prometheus-bird-exporter")
def test_sessions_have_the_right_metrics(lab):
    a, b = lab.pair()
    give_addresses(a, b)
    daemon = a.pybird(autopeer(1))
    b.pybird(autopeer(2))
    up(daemon)
    until(lambda: "10.2.0.1/32" in daemon.routes(), 5)
    Daemon(
        a, "exporter",
        ["prometheus-bird-exporter", "-bird.v2", "-bird.socket", str(daemon.socket),
         "-web.listen-address", "127.0.0.1:9324"],
    )  # fmt: skip
    url = "http://127.0.0.1:9324/metrics"
    fetch = f"import urllib.request as u; print(u.urlopen('{url}', timeout=5).read().decode())"
    python = shutil.which("python3") or "python3"

    def scrape():
        return metrics(a.run(python, "-c", fetch, check=False))

    wanted = {("bird_protocol_up", "kernel4", "4"): 1.0}
    for version in ("4", "6"):
        for name in ("up", "prefix_import_count", "prefix_export_count", "prefix_preferred_count"):
            wanted[f"bird_protocol_{name}", "auto01", version] = 1.0

    def wrong():
        found = scrape()
        return {key: (value, found.get(key)) for key, value in wanted.items() if found.get(key) != value}

    try:
        until(lambda: not wrong(), 15)
    except AssertionError:
        raise AssertionError(f"metric: (wanted, found) {wrong()}") from None
    assert scrape()["bird_protocol_changes_update_import_accept_count", "auto01", "4"] >= 1
