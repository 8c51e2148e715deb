"""What can be missing when the daemon starts: one clear line, and it lives and tries again."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.configs import autopeer
from tests.interop.lab import ENVIRONMENT, until
from tests.interop.test_autopeer import give_addresses, up

BASE = """
router id 192.0.2.1;
log stderr all;
protocol device { }
"""
FIB = """
protocol static own { ipv4; route 10.7.0.0/16 blackhole; }
protocol kernel fib { ipv4 { export all; }; scan time 2; }
"""


def bgp(number, options=""):
    """A session with the other of 10.0.0.1 and 10.0.0.2."""
    return f"""
protocol bgp peer {{
  local 10.0.0.{number} as {65000 + number};
  neighbor 10.0.0.{3 - number} as {65003 - number};
  connect delay time 1;
  {options}
  ipv4 {{ import all; export all; }};
}}
"""


BGP = bgp(1)


def without(*capabilities):
    """A program that runs another as root without these capabilities."""
    return ["setpriv", "--bounding-set", ",".join(f"-{name}" for name in capabilities)]


def lines(daemon, word):
    """The log lines that contain a word, without their time."""
    return [line.split(" ", 2)[2] for line in daemon.text().splitlines() if word in line]


def state(daemon, protocol):
    return daemon.protocols()[protocol][3]


def test_without_cap_net_raw(lab):
    a, _b = lab.pair()
    daemon = a.pybird(autopeer(1, kernel=False), under=without("net_raw"))
    problem = "eth0: Cannot open an ICMPv6 socket: Operation not permitted (raw sockets need CAP_NET_RAW)"
    until(lambda: lines(daemon, "<ERR>") == [f"<ERR> radv1: {problem}"], 10)
    assert problem in daemon.cli("show protocols radv1")
    assert state(daemon, "radv1") == "start"
    assert "Configuration OK" in daemon.cli("configure check")
    assert len(lines(daemon, "<ERR>")) == 1


def test_without_cap_net_admin(lab):
    a, _b = lab.pair()
    daemon = a.pybird(BASE + FIB, under=without("net_admin"))
    problem = (
        "Cannot change the kernel's routes: Operation not permitted (changing routes needs CAP_NET_ADMIN)"
    )
    until(lambda: lines(daemon, "<ERR>") == [f"<ERR> fib: {problem}"], 5)
    assert problem in daemon.cli("show protocols fib")
    assert state(daemon, "fib") == "start"
    assert "10.7.0.0/16" in daemon.routes()


def test_without_cap_net_bind_service(lab):
    a, _b = lab.pair()
    a.address("10.0.0.1/24", "eth0")
    daemon = a.pybird(BASE + BGP, under=without("net_bind_service"))
    problem = "Cannot listen: Permission denied (0.0.0.0:179, a port below 1024 needs CAP_NET_BIND_SERVICE)"
    until(lambda: f"<ERR> peer: {problem}" in lines(daemon, "<ERR>"), 5)
    assert f"Listening:        {problem}" in daemon.cli("show protocols all peer")
    assert state(daemon, "peer") == "start"


@pytest.mark.peer("bird")
def test_port_179_is_taken_and_then_free(lab):
    """Who cannot listen can connect; once the port is free, it is listened on."""
    a, b = lab.pair()
    a.address("10.0.0.1/24", "eth0")
    b.address("10.0.0.2/24", "eth0")
    bird = a.bird(BASE + bgp(1, "passive;"))
    daemon = a.pybird(BASE + BGP)
    problem = "Cannot listen: Address already in use (0.0.0.0:179)"
    until(lambda: lines(daemon, "<ERR>") == [f"<ERR> peer: {problem}"], 5)
    # passive: it would find BIRD there, which listens
    other = b.pybird(BASE.replace("192.0.2.1", "192.0.2.2") + bgp(2, "passive;"))
    up(daemon)
    up(other)
    bird.stop()
    until(lambda: "peer: Listening now" in daemon.text(), 8)
    assert len(lines(daemon, "<ERR>")) == 1
    assert other.established()


def test_the_local_address_is_missing_and_comes(lab):
    a, _b = lab.pair()
    a.address("10.0.0.1/24", "eth0")
    daemon = a.pybird(BASE + BGP.replace("local 10.0.0.1", "strict bind; local 10.0.0.9"))
    first = "<ERR> peer: Cannot listen: Cannot assign requested address (10.0.0.9:179)"
    until(lambda: lines(daemon, "<ERR>") == [first], 5)
    text = "Cannot assign requested address (no interface has 10.0.0.9)"
    until(lambda: "no interface has 10.0.0.9" in daemon.cli("show protocols all peer"), 5)
    until(lambda: len(lines(daemon, text)) == 1, 5, "it is told with those that are away as well")
    a.address("10.0.0.9/32")
    until(lambda: "peer: Listening now" in daemon.text(), 8)


def test_the_neighbor_is_on_no_interface(lab):
    a, _b = lab.pair()
    daemon = a.pybird(BASE + BGP)
    text = "10.0.0.2 is not in the network of any interface"
    until(lambda: lines(daemon, "Waiting") == [f"<INFO> peer: Waiting for 10.0.0.2: {text}"], 5)
    assert text in daemon.cli("show protocols all peer")
    assert daemon.cli("show protocols peer").split()[-1] == "Idle"
    a.address("10.0.0.1/24", "eth0")
    until(lambda: text not in daemon.cli("show protocols all peer"), 5)


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("forwarding=0", "IPv6 forwarding is off, but we advertise ourselves as a router"),
        ("accept_ra=2", "accept_ra is active: the kernel configures itself from the neighbors' RAs"),
    ],
)
def test_kernel_settings_that_contradict_are_warned_about(lab, setting, text):
    a, _b = lab.pair()
    a.run("sysctl", "-qw", f"net.ipv6.conf.eth0.{setting}")
    daemon = a.pybird(autopeer(1, kernel=False))
    until(lambda: f"<WARN> radv1: eth0: {text}" in lines(daemon, "<WARN>"), 10)
    assert len(lines(daemon, text)) == 1
    assert state(daemon, "radv1") == "up"


def refused(host, *arguments):
    """What the program says when it does not start."""
    command = [sys.executable, "-m", "pybird", "-f", *arguments]
    done = subprocess.run(
        host.inside(command), capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=60
    )
    assert done.returncode == 1, done
    return done.stdout + done.stderr


def test_files_and_folders_that_are_missing_or_not_ours(lab):
    a, _b = lab.pair()
    folder = a.folder
    config = folder / "bird.conf"
    config.write_text(BASE)
    config.chmod(0o600)
    folder.chmod(0o755)
    given = ["-c", str(config), "-s", str(folder / "x.ctl")]
    assert refused(a, "-c", f"{folder}/no.conf", "-s", "x") == (
        f"bird: Unable to open configuration file {folder}/no.conf: No such file or directory\n"
    )
    assert refused(a, "-c", str(config), "-s", f"{folder}/no/x.ctl") == (
        f"bird: Cannot create control socket {folder}/no/x.ctl: No such file or directory: "
        f"make the folder {folder}/no, or name another socket with -s\n"
    )
    assert refused(a, "-u", "nobody", "-P", f"{folder}/x.pid", *given) == (
        f"bird: Unable to open configuration file {config}: Permission denied\n"
    )
    assert sorted(path.name for path in folder.iterdir()) == ["bird.conf"], "nothing is left"
    assert refused(a, "-P", f"{folder}/no/pid", *given) == (
        f"bird: Cannot create PID file {folder}/no/pid: No such file or directory\n"
    )


def test_socket_and_pid_file_are_made_before_privileges_drop(lab):
    """In a folder where only root may write; what cannot start leaves nothing there."""
    a, _b = lab.pair()
    folder = a.folder / "run"
    folder.mkdir(mode=0o755)
    a.folder.chmod(0o755)
    pid = folder / "x.pid"
    given = ["-u", "nobody", "-g", "nogroup", "-s", str(folder / "x.ctl"), "-P", str(pid)]
    wrong = a.folder / "wrong.conf"
    wrong.write_text("foo;\n")
    assert "is not a statement" in refused(a, "-c", str(wrong), *given)
    assert refused(a, "-c", str(wrong), *given, "-u", "nosuchuser") == "bird: Cannot find user 'nosuchuser'\n"
    assert list(folder.iterdir()) == []
    good = a.folder / "good.conf"
    good.write_text(BASE)
    command = [sys.executable, "-m", "pybird", "-f", "-c", str(good), *given]
    with subprocess.Popen(a.inside(command), env=ENVIRONMENT) as daemon:
        try:
            until(lambda: pid.exists() and pid.read_text() == f"{daemon.pid}\n", 20, "the PID file")
            found = (folder / "x.ctl").stat()
            assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (65534, 65534, 0o660)
            until(lambda: is_answered(folder / "x.ctl"), 20, "an answer")  # it listens a moment later
        finally:
            daemon.terminate()


def test_a_further_socket_that_cannot_be_made_is_told_and_the_daemon_lives(lab):
    a, _b = lab.pair()
    text = BASE.replace("log stderr all;", f'log stderr all; cli "{a.folder}/no/x.ctl";')
    daemon = a.pybird(text)
    problem = f"<ERR> Cannot create control socket {a.folder}/no/x.ctl: No such file or directory"
    until(lambda: lines(daemon, "<ERR>") == [problem], 5)


def test_another_pybird_on_the_kernel_table(lab):
    a, _b = lab.pair()
    first, second = a.pybird(BASE + FIB, "first"), a.pybird(BASE + FIB, "second")
    pattern = r"another PyBIRD, process \d+, writes to kernel table 254 with metric 32"
    until(lambda: lines(second, "<ERR>"), 5)
    (problem,) = lines(second, "<ERR>")
    assert re.search(pattern, problem)
    assert re.search(pattern, second.cli("show protocols fib"))
    assert state(second, "fib") == "start"
    assert state(first, "fib") == "up"
    first.stop()
    until(lambda: state(second, "fib") == "up", 8, "it took over")
    until(lambda: "10.7.0.0/16" in a.ip("route"), 5)


def test_the_claim_of_a_program_without_rights_does_not_count(lab):
    a, _b = lab.pair()
    squat = (
        "import os, socket, time; os.setgroups([]); os.setuid(65534); s = socket.socket(socket.AF_UNIX); "
        r"s.bind('\0pybird/kernel/4/254/32'); s.listen(); print('there', flush=True); time.sleep(60)"
    )
    command = a.inside([sys.executable, "-c", squat])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as squatter:
        assert squatter.stdout.readline() == "there\n"
        try:
            daemon = a.pybird(BASE + FIB)
            until(lambda: state(daemon, "fib") == "up", 5)
        finally:
            squatter.kill()


@pytest.mark.peer("bird")
def test_another_bird_on_the_kernel_table_is_warned_about(lab):
    a, _b = lab.pair()
    daemon = a.pybird(BASE + FIB)
    a.bird(BASE + FIB.replace("10.7.", "10.8."))
    text = "Another program enters routes of protocol bird into kernel table 254, such as 10.8.0.0/16"
    until(lambda: text in daemon.text(), 5)
    assert len(lines(daemon, text)) == 1


def test_a_recovery_from_a_graceful_restart_that_waits_for_nobody_is_over_at_once(lab):
    daemon = lab.host("a").pybird(BASE, options=["-R"])
    until(lambda: lines(daemon, "Graceful restart done"), 5)
    assert lines(daemon, "Graceful restart started")
    assert not lines(daemon, "<WARN>")
    assert "Daemon is up and running" in daemon.cli("show status")


# ----------------------------------------------------------------- security


def is_answered(path: Path) -> bool:
    """True once a command is answered; False while nobody listens."""
    try:
        return raw(path, "show status").startswith("1000-")
    except ConnectionRefusedError:
        return False


def raw(path, command):
    """A command on a control socket, without a client in between."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(str(path))
        stream = sock.makefile("rw")
        stream.readline()
        stream.write(f"{command}\n")
        stream.flush()
        return stream.readline()


def test_control_sockets_are_for_user_and_group_and_may_be_restricted(lab):
    a, _b = lab.pair()
    daemon = a.pybird(BASE + f'cli "{a.folder}/ro.ctl" {{ restrict; }};', options=["-g", "nogroup"])
    made = daemon.socket.stat()
    assert (made.st_mode & 0o7777, made.st_gid) == (0o660, 65534)
    assert (a.folder / "ro.ctl").stat().st_mode & 0o7777 == 0o660
    for command in ("configure", "down", "disable device1", "restart all", "debug all all"):
        assert raw(a.folder / "ro.ctl", command).startswith("8007 "), command
    assert raw(a.folder / "ro.ctl", "show status").startswith("1000-")
    assert "Access restricted" in raw(daemon.socket, "restrict")


def test_the_daemon_works_as_another_user(lab):
    """Three capabilities are left, and with them it routes, reloads, and opens new sockets."""
    a, b = lab.pair()
    give_addresses(a, b)
    lab.wire(a, b, "eth1", "eth1")
    # `peers { }` means the first peer table that is declared: it must not become another one
    table = "peer table found;\n"
    first = a.pybird(table + autopeer(1), options=["-u", "nobody", "-g", "nogroup"])
    second = b.pybird(table + autopeer(2))
    status = Path(f"/proc/{pid_of(first)}/status").read_text()
    assert re.search(r"^Uid:(\t65534){4}$", status, re.MULTILINE)
    assert re.search(r"^Gid:(\t65534){4}$", status, re.MULTILINE)
    assert re.search(r"^Groups:\s*$", status, re.MULTILINE)
    for kind in ("CapEff", "CapPrm"):
        assert re.search(rf"^{kind}:\t0000000000003400$", status, re.MULTILINE), status
    up(first)
    until(lambda: "10.2.0.1" in a.ip("route"), 5, "routes go to the kernel")
    more = """
peer table others;
protocol radv more { interface "eth1" { router discovery yes; }; peers { table others; }; }
protocol bgp late { local as 65001; neighbor range fe80::/10 external; interface "eth1"; local port 1179;
  neighbor port 1179; dynamic name "late"; peers { table others; }; ipv6 { import all; export all; }; }
"""
    one, two = (table + autopeer(n) + more.replace("65001", str(65000 + n)) for n in (1, 2))
    before = first.protocols()["auto01"]
    assert "Reconfigured" in first.configure(one)
    assert "Reconfigured" in second.configure(two)
    until(lambda: first.established("late"), 15, "a new raw socket and a new listening socket")
    assert first.protocols()["auto01"] == before, (
        first.cli("show protocols all") + first.text() + second.text()
    )


def pid_of(daemon):
    """The daemon's process: `ip netns exec` has become it."""
    return daemon.process.pid
