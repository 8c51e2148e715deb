"""What the programs that read BIRD's socket send, and the text that they can read.

Each function is one program: it sends the commands that this program sends and
reads the answers as strictly as the program does. `Ask` sends one command on a
new session and gives the answer as it is on the socket, codes included, without
the banner. The same functions are run against our router on the simulated
network, and against our daemon and Debian's bird2 side by side.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Ask = Callable[[str], str]

# Router a; its neighbor 10.0.0.2 is router b.
ROUTER = """
router id 192.0.2.1;
log stderr all;
timeformat protocol iso long;
timeformat route iso long;
timeformat base iso long;
ipv4 table upper;
protocol device { }
protocol direct { ipv4; interface "nowhere"; }
protocol kernel kernel4 { ipv4 { export all; }; }
protocol static own { ipv4; route 10.1.0.0/16 blackhole; route 10.1.5.0/24 blackhole; }
protocol pipe sub { table master4; peer table upper; export all; import none; }
protocol bgp peer_1 {
  description "role=transit site=b";
  local 10.0.0.1 as 65001;
  neighbor 10.0.0.2 as 65002;
  connect delay time 1;
  ipv4 {
    import limit 100 action warn;
    import keep filtered;
    import filter { if net = 10.2.9.0/24 then reject; accept; };
    export where source = RTS_STATIC;
  };
}
protocol bgp Node_10_0_0_9 {
  local 10.0.0.1 as 65001; neighbor 10.0.0.9 as 65009; disabled; ipv4 { import all; export all; };
}
"""
NEIGHBOR = """
router id 192.0.2.2;
log stderr all;
protocol device { }
protocol static own {
  ipv4; route 10.2.0.0/24 blackhole; route 10.2.9.0/24 blackhole; route 10.3.0.0/16 blackhole;
}
protocol bgp peer {
  local 10.0.0.2 as 65002;
  neighbor 10.0.0.1 as 65001;
  connect delay time 1;
  ipv4 {
    import all;
    export filter {
      if source != RTS_STATIC then reject;
      bgp_path.prepend(65099);
      bgp_large_community.add((65002, 1, 2));
      bgp_ext_community.add((rt, 65002, 7));
      COMMUNITIES
      bgp_med = 50;
      accept;
    };
  };
}
""".replace("COMMUNITIES", " ".join(f"bgp_community.add((65002,{n}));" for n in range(1, 61)))

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
TYPES = "MRT|BGP|BFD|OSPF|RPKI|RIP|RAdv|Pipe|Perf|Direct|Babel|Device|Kernel|Static"
FINAL = re.compile(r"^([089]\d{3}) (.*)$")


def plain(text: str) -> list[str]:
    """The lines as birdc prints them."""
    return [line[5:] if line[:4].isdigit() else line[1:] for line in text.splitlines()]


def codes(text: str) -> set[str]:
    """The codes in an answer; every line has one or continues the one before."""
    lines = text.splitlines()
    assert all(re.match(r"\d{4}[- ]| |\+", line) for line in lines), text
    return {line[:4] for line in lines if line[0].isdigit()}


def blocks(ask: Ask) -> dict[str, list[str]]:
    """`show protocols all` by name; a blank line ends a block."""
    found: dict[str, list[str]] = {}
    name = None
    for line in plain(ask("show protocols all"))[1:]:
        if not line.strip():
            name = None
        elif name is None:
            name = line.split()[0]
            found[name] = [line]
        else:
            found[name].append(line)
    return found


# ------------------------------------------------------------------ programs


def bird_exporter(ask: Ask) -> None:
    row = re.compile(
        rf"^(?:1002-)?\s?(\S+)\s+({TYPES})\s+(\S+)\s+(\S+)\s+(\d{{4}}-\d\d-\d\d\s+\S+|\S+)(?:\s+(.*))?$"
    )
    routes = re.compile(
        r"^\s+Routes:\s+(\d+) imported, (?:(\d+) filtered, )?(\d+) exported(?:, (\d+) preferred)?"
    )
    stats = re.compile(r"^\s+(Import|Export) (updates|withdraws):" + r"\s+(\d+|---)" * 5 + r"\s*$")
    seen: dict[str, str] = {}
    numbers: dict[tuple[str, ...], tuple[str, ...]] = {}
    name = channel = ""
    for line in ask("show protocols all").splitlines():
        if match := row.match(line):
            name, channel = match[1], ""
            seen[name] = match[4]
        elif match := re.match(r"^(?:1006-)?\s+Channel (ipv4|ipv6)", line):
            channel = match[1]
        elif match := routes.match(line):
            numbers[name, channel] = match.groups()
        elif match := stats.match(line):
            numbers[name, channel, match[1], match[2]] = match.groups()[2:]
        elif match := re.match(r"^(?:1006-)?\s+Description:\s+(.*)$", line):
            assert dict(pair.split("=") for pair in match[1].split()) == {"role": "transit", "site": "b"}
    assert seen["peer_1"] == "up"
    assert seen["Node_10_0_0_9"] == "down"
    assert {"device1", "direct1", "kernel4", "own", "sub"} <= seen.keys()
    assert numbers["peer_1", "ipv4"] == ("2", "1", "2", "2")
    assert numbers["peer_1", "ipv4", "Import", "updates"][4] == "2"
    assert numbers["own", "ipv4"][0] == "2"
    assert any(re.match(r"^\s+Input filter:\s+\S+", line) for line in blocks(ask)["peer_1"])
    assert any(re.match(r"^\s+Output filter:\s+\S+", line) for line in blocks(ask)["peer_1"])


def birdwatcher(ask: Ask) -> None:
    status = "\n".join(plain(ask("show status")))
    for head in (
        "Router ID is 192.0.2.1",
        "Current server time is ",
        "Last reboot on ",
        "Last reconfiguration on ",
    ):
        assert re.search(rf"^{head}", status, re.MULTILINE), status
    assert "Daemon is up and running" in status
    assert re.match(r"BIRD \d+\.\d+\.\d+", status)
    row = re.compile(rf"^(\S+)\s+(\S+)\s+(\S+)\s+(up|down|start|stop|feed|flush)\s+({STAMP})(?:\s+(.*))?$")
    rows = {match[1]: match for line in plain(ask("show protocols"))[1:] if (match := row.match(line))}
    assert rows["peer_1"][6].strip() == "Established"
    assert len(rows["sub"][6].strip()) >= 3, "it takes three characters off a pipe's info"
    assert "own" in {line.split("\t")[0].strip() for line in plain(ask("show symbols")) if "\t" in line}
    head = re.compile(
        rf"^(\S+|\s+)\s*(unicast|blackhole) \[(\S+) ({STAMP})(?: from (\S+))?\] "
        r"(?:(\*) )?\((\d+)(?:/[^)]*)?\)(?: \[AS(\d+)[i?e]\])?$"
    )
    text = plain(ask("show route table 'master4' protocol 'peer_1' all"))
    heads = [match for line in text if (match := head.match(line))]
    assert [match[1] for match in sorted(heads, key=lambda match: match[1])] == [
        "10.2.0.0/24",
        "10.3.0.0/16",
    ], text
    assert {(match[2], match[3], match[8]) for match in heads} == {("unicast", "peer_1", "65099")}
    joined = _attributes(text)
    assert joined["BGP.community"].split() == [f"(65002,{n})" for n in range(1, 61)]
    assert joined["BGP.large_community"] == "(65002, 1, 2)"
    assert joined["BGP.ext_community"] == "(rt, 65002, 7)"
    assert joined["BGP.as_path"] == "65002 65099"
    assert joined["BGP.origin"] == "IGP"
    assert joined["BGP.next_hop"] == "10.0.0.2"
    assert joined["BGP.med"] == "50"
    assert joined["Type"].startswith("BGP")
    filtered = plain(ask("show route table 'master4' protocol 'peer_1' filtered"))
    assert [line.split()[0] for line in filtered if head.match(line)] == ["10.2.9.0/24"], filtered
    for command, count in (
        ("show route table 'master4' protocol 'peer_1' count", (2, 4)),
        ("show route export 'peer_1' count", (2, 4)),
        ("show route where net.type = NET_IP4 count", None),
        ("show route where from=10.0.0.2 count", None),
    ):
        match = re.search(r"(\d+) of (\d+) routes", ask(command))
        assert match is not None, command
        assert count is None or (int(match[1]), int(match[2])) == count, (command, match[0])
    assert "10.1.0.0/16" not in ask("show route noexport 'peer_1'")
    assert "10.2.0.0/24" in ask("show route for 10.2.0.7 table 'master4' protocol 'peer_1' all primary")


def _attributes(lines: list[str]) -> dict[str, str]:
    """The attributes of the first route; what follows after two tabs continues a line."""
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        match = re.match(r"^\t(Type|[Bb][Gg][Pp][._]\w+): ?(.*)$", line)
        if match and match[1] in found:
            break
        if match:
            name = match[1]
            found[name] = match[2]
        elif line.startswith("\t\t") and name:
            found[name] += " " + line.strip()
    return found


def bird_lg_go(ask: Ask) -> None:
    assert "Access restricted" in ask("restrict")
    row = re.compile(r"^([\w-]+)\s+(\w+)\s+([\w-]+)\s+(\w+)\s+([0-9\-. :]+)(?:\s+(.*?))?\s*$")
    rows = {match[1]: match for line in plain(ask("show protocols")) if (match := row.match(line))}
    assert rows["peer_1"][6] == "Established"
    assert rows["peer_1"][2] == "BGP"
    for command, wanted in (
        ("show protocols all 'peer_1'", r"Neighbor address:"),
        ("show route protocol 'peer_1' all", r"^\tBGP\.as_path: 65002 65099$|^\tbgp_path: 65002 65099$"),
        ("show route protocol 'peer_1' primary", r"^\tvia 10\.0\.0\.2 on \S+$"),
        ("show route filtered protocol 'peer_1'", r"^10\.2\.9\.0/24 .*\[peer_1 "),
        ("show route where bgp_path.last = 65099", r"^10\.2\.0\.0/24 .*\[AS65099[i?e]\]"),
        ("show route where net ~ [ 10.3.0.0/16 ]", r"^10\.3\.0\.0/16 "),
        ("show route for 10.2.0.7 all primary", r"\[peer_1 "),
        ("show route for 10.2.0.7", r"^\tvia "),
    ):
        text = ask(command)
        assert re.search(wanted, "\n".join(plain(text)), re.MULTILINE), (command, text)
        assert all(len(line) < 1024 for line in text.splitlines()), command
        last = text.splitlines()[-1]
        assert FINAL.match(last), (command, last)


def birdseye(ask: Ask) -> None:
    lines = blocks(ask)["peer_1"]
    assert re.match(rf"^\w+\s+BGP\s+\S+\s+up\s+{STAMP}\s+Established\s*$", lines[0]), lines[0]
    text = "\n".join(lines)
    for pattern in (
        r"Description:\s+role=transit site=b$",
        r"BGP state:\s+Established$",
        r"Neighbor address:\s+10\.0\.0\.2$",
        r"Neighbor AS:\s+65002$",
        r"Local AS:\s+65001$",
        r"Neighbor ID:\s+192\.0\.2\.2$",
        r"Session:\s+external AS4$",
        r"Source address:\s+10\.0\.0\.1$",
        r"Hold timer:\s+\d+(\.\d+)?/\d+$",
        r"Keepalive timer:\s+\d+(\.\d+)?/\d+$",
        r"Table:\s+master4$",
        r"Preference:\s+100$",
        r"Import limit:\s+100$",
        r"  Action:\s+warn$",
        r"Routes:\s+2 imported, 1 filtered, 2 exported, 2 preferred$",
        r"Import updates:" + r"\s+\d+" * 5 + "$",
        r"Import withdraws:" + r"\s+\d+" * 2 + r"\s+---" + r"\s+\d+" * 2 + "$",
        r"Export updates:" + r"\s+\d+" * 3 + r"\s+---\s+\d+$",
        r"Export withdraws:\s+\d+" + r"\s+---" * 3 + r"\s+\d+$",
    ):
        assert re.search(rf"^ +{pattern}", text, re.MULTILINE), (pattern, text)
    command = (
        "show route all filter { if bgp_large_community ~ [( 65002, 1, * )] then accept;} protocol peer_1"
    )
    assert len(re.findall(r"^10\.\S+ ", "\n".join(plain(ask(command))), re.MULTILINE)) == 2


def pypi_pybird(ask: Ask) -> None:
    final = {
        "show status": "0013", "show protocols all": "0000", "show protocols all peer_1": "0000",
        "show route all": "0000", "configure check": "0020", "configure": "0003",
    }  # fmt: skip
    for command, code in final.items():
        last = ask(command).splitlines()[-1]
        assert last[:5] == f"{code} ", (command, last)
    assert codes(ask("show protocols all")) == {"2002", "1002", "1006", "0000"}
    assert codes(ask("show route table master4 all")) == {"1007", "1008", "1012", "0000"}
    assert ask("show protocols all nobody")[:5] == "9001 "
    assert ask('show protocols "nobody*"')[:5] == "8003 "
    assert ask("show route 192.0.2.0/24")[:5] == "8001 "


def calico(ask: Ask) -> None:
    status = ask("show status")
    assert codes(status) <= {"1000", "1011", "0024", "0013"}
    heads = ("bird", "router id is", "hostname is", "current server time is", "last reboot on",
             "last reconfiguration on", "daemon is up and running")  # fmt: skip
    for line in plain(status):
        assert line.lower().startswith(heads), line
    protocols = ask("show protocols")
    assert codes(protocols) == {"2002", "1002", "0000"}
    lines = plain(protocols)
    assert lines[0].lower().split() == ["name", "proto", "table", "state", "since", "info"]
    (row,) = (line for line in lines if re.match(r"^(Global|Node|Mesh)_(.+?)\s", line))
    assert row.split()[:4] == ["Node_10_0_0_9", "BGP", "---", "down"]


def operators(ask: Ask) -> None:
    """anycast-healthchecker, arouteserver, keepalived, Ansible: they change something and read one line."""
    assert "Reconfigured" in plain(ask("configure"))
    for command in ("disable", "enable", "restart"):
        done = f"own: {command}{'d' if command.endswith('e') else 'ed'}"
        assert done in plain(ask(f"{command} own")), command
    assert "already disabled" in ask("disable Node_10_0_0_9")


def looking_glasses(ask: Ask) -> None:
    """hyperglass, NLNOG's looking glass, and `rbgp diff`."""
    for command in (
        "show route all where bgp_path ~ [= * 65099 * =]",
        "show route where (65002,1) ~ bgp_community",
        "show route where (65002, 1, 2) ~ bgp_large_community",
        "show route protocol peer_1",
    ):
        assert "10.2.0.0/24" in ask(command), command
        assert "10.1.0.0/16" not in ask(command), command
    exported = "\n".join(plain(ask("show route export peer_1")))
    assert sorted(re.findall(r"^(10\S+) ", exported, re.MULTILINE)) == ["10.1.0.0/16", "10.1.5.0/24"]


PROGRAMS = (
    bird_exporter, birdwatcher, bird_lg_go, birdseye, pypi_pybird, calico, looking_glasses, operators,
)  # fmt: skip


def banner(text: str) -> None:
    """birdseye takes digits and dots, pathvector a version as the second word, arouteserver `BIRD 2.`."""
    assert re.match(r"^0001 BIRD [23]\.[0-9.]+ ready\.$", text), text
    assert re.match(r"^\d+\.\d+\.\d+$", text.split()[2]), text
    assert "BIRD 2." in text
